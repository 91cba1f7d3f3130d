import { execFile } from 'node:child_process';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PellucidError } from '@pellucid/core';
import { engineFolder, type OptionalEngine, optionalPackages } from './optional.ts';

const run = promisify(execFile);

/** The TensorFlow whose C library tfjs-node is built against, and a Python that its wheels are made for. */
const tensorflow = { version: '2.21.0', python: '3.11' };

const byHand =
  'Or unpack a TensorFlow 2 by hand and name its folder in LIBTENSORFLOW_DIR: `tensorflow` inside the wheel, or the C library with `lib` and `include`.';

export interface InstallOptions {
  /** A folder with a TensorFlow: of its wheel (`libtensorflow_cc.so.2`, `include`) or of its C library (`lib`, `include`). */
  libtensorflow?: string | undefined;
  /** Hears what is being done, since parts take minutes. */
  note: (message: string) => void;
  /** Where it is installed: where `openEngine` looks, unless given. */
  folder?: string;
}

/**
 * Installs the packages of an engine where `openEngine` looks for them. tfjs-node also gets its native part, built here
 * against the TensorFlow inside a PyPI wheel: the stock one is a download of TensorFlow 2.9, which knows no newer CUDA
 * than 11.2, from a host that many networks do not reach.
 *
 * @throws PellucidError `engine/unknown`, or `engine/install-failed` that says what is missing and how to go on
 */
export async function installNativeEngine(engine: string, options: InstallOptions): Promise<void> {
  if (!isOptional(engine))
    throw new PellucidError(
      'engine/unknown',
      `"${engine}" is not an engine that can be installed; those are ${Object.keys(optionalPackages).join(', ')}.`,
    );
  const { libtensorflow, note, folder = engineFolder(engine) } = options;
  if (engine === 'webgpu') return installPackages(optionalPackages.webgpu, folder, note);
  const given = await checkTools(libtensorflow);
  await installPackages([...optionalPackages[engine], 'node-api-headers@1.9.0'], folder, note);
  const library = given ?? (await downloadTensorflow(engine, folder, note));
  note(`Building the addon against ${library.libraries.join(' and ')} in ${library.folder}`);
  await buildAddon(folder, `@tensorflow/tfjs-${engine}`, library);
}

function isOptional(engine: string): engine is OptionalEngine {
  return Object.hasOwn(optionalPackages, engine);
}

/** Asks for everything that building takes before anything is fetched; returns the TensorFlow, if one was named. */
async function checkTools(libtensorflow: string | undefined): Promise<Tensorflow | undefined> {
  if (process.platform !== 'linux')
    throw failed(
      'The native part of tfjs-node is built on Linux alone. Elsewhere `npx -y pnpm@12 add -w @tensorflow/tfjs-node@4.22.0` brings a ready one.',
    );
  await attempt(
    compiler(),
    ['--version'],
    `There is no C++ compiler ${compiler()}. On Debian: apt install g++.`,
  );
  if (libtensorflow !== undefined) return findTensorflow(libtensorflow);
  await attempt(
    'python3',
    ['-m', 'pip', '--version'],
    `There is no pip, which fetches TensorFlow. On Debian: apt install python3-pip. ${byHand}`,
  );
  return undefined;
}

function compiler(): string {
  return process.env.CXX ?? 'g++';
}

async function installPackages(
  packages: readonly string[],
  folder: string,
  note: InstallOptions['note'],
): Promise<void> {
  note(`Installing ${packages.join(', ')} into ${folder}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  await attempt(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, ...packages],
    'npm did not install the packages: is the npm registry reachable?',
  );
}

interface Tensorflow {
  /** Where the libraries lie. */
  folder: string;
  libraries: string[];
  include: string;
}

/** Unpacks the wheel with its own installer; the libraries stay where it puts them, since they find each other there. */
async function downloadTensorflow(
  engine: 'node' | 'node-gpu',
  folder: string,
  note: InstallOptions['note'],
): Promise<Tensorflow> {
  const target = path.join(folder, 'python');
  const wheel = `${engine === 'node' ? 'tensorflow-cpu' : 'tensorflow[and-cuda]'}==${tensorflow.version}`;
  note(`Fetching ${wheel} from PyPI (about a gigabyte once unpacked, several with CUDA)`);
  await rm(target, { recursive: true, force: true });
  const options = ['--no-compile', '--only-binary=:all:', '--python-version', tensorflow.python];
  // Of the CPU's wheel the libraries alone are wanted; CUDA's come as packages that the other one depends on.
  if (engine === 'node') options.push('--no-deps');
  await attempt(
    'python3',
    ['-m', 'pip', 'install', '--target', target, ...options, wheel],
    `pip did not get ${wheel}: is PyPI, or a copy of it, reachable? ${byHand}`,
  );
  return findTensorflow(path.join(target, 'tensorflow'));
}

/** The TensorFlow in a folder of its wheel or of its C library. */
async function findTensorflow(folder: string): Promise<Tensorflow> {
  const layouts = [
    { folder, libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] },
    { folder: path.join(folder, 'lib'), libraries: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'] },
  ];
  const include = path.join(folder, 'include');
  for (const { folder, libraries } of layouts) {
    const files = [
      ...libraries.map((name) => path.join(folder, name)),
      path.join(include, 'tensorflow', 'c', 'c_api.h'),
    ];
    if (await allExist(files)) return { folder: path.resolve(folder), libraries, include };
  }
  throw failed(
    `There is no TensorFlow in ${folder}: no libtensorflow_cc.so.2 or lib/libtensorflow.so.2 with its headers. ${byHand}`,
  );
}

/** Two files of C++ and no build system: node-gyp would want Node's headers from a host of its own. */
async function buildAddon(folder: string, packageName: string, library: Tensorflow): Promise<void> {
  const modules = path.join(folder, 'node_modules');
  const addon = path.join(modules, packageName);
  const { binary } = JSON.parse(await readFile(path.join(addon, 'package.json'), 'utf8'));
  const napi = Math.max(...(binary.napi_versions as number[]));
  const target = path.join(addon, 'lib', `napi-v${napi}`);
  await mkdir(target, { recursive: true });
  const include = [library.include, path.join(modules, 'node-api-headers', 'include')];
  await attempt(
    compiler(),
    [
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', `-DNAPI_VERSION=${napi}`],
      ...include.map((one) => `-I${one}`),
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => path.join(addon, 'binding', file)),
      ...['-o', path.join(target, 'tfjs_binding.node')],
      ...[`-L${library.folder}`, ...library.libraries.map((name) => `-l:${name}`)],
      `-Wl,-rpath,${library.folder}`,
    ],
    `The addon of tfjs-node does not compile against the TensorFlow in ${library.folder}; is it ${tensorflow.version} or near it?`,
  );
}

async function allExist(files: string[]): Promise<boolean> {
  return Promise.all(files.map((file) => access(file))).then(
    () => true,
    () => false,
  );
}

async function attempt(program: string, words: string[], problem: string): Promise<void> {
  try {
    await run(program, words, { maxBuffer: 2 ** 26 });
  } catch (cause) {
    throw failed(problem, cause);
  }
}

function failed(problem: string, cause?: unknown): PellucidError {
  return new PellucidError('engine/install-failed', problem, { cause });
}
