import {
  before,
  buildNetwork,
  createDegradation,
  DegradationSettings,
  enlargement,
  type Graph,
  imagesSeen,
  type NetworkConfig,
  networkConfig,
  PellucidError,
  withBranches,
} from '@pellucid/core';
import YAML from 'yaml';
import { z } from 'zod';
import { type PairLayoutName, pairLayouts } from './data/pair-layouts.ts';
import { methodConfig } from './methods/index.ts';
import { nearest } from './nearest.ts';

const positive = z.int().positive();
const share = z.number().min(0).lt(1);

export const dataConfig = z.strictObject({
  /** `procedural` draws images from the seed; anything else is a folder of photographs. */
  photographs: z.string().default('procedural'),
  /**
   * The layout of a folder of recorded pairs, degraded and clean, which takes the place of a degradation: `folders`, or a
   * set's name.
   */
  pairs: z.enum(Object.keys(pairLayouts) as PairLayoutName[]).optional(),
  /** Folders or files inside `photographs` to leave out, such as those a benchmark measures on. */
  exclude: z.array(z.string()).default([]),
  /**
   * Training draws from each photograph reduced by these factors too: a picture of half the size is sharper, and shows things
   * smaller. Not of recorded pairs, whose degradation would shrink as well.
   */
  reduced: z.array(z.number().gt(0).lt(1)).default([]),
  /** Side of a training patch, in pixels of the clean photograph. */
  patch: positive.default(64),
  /** Patches per step. */
  batch: positive.default(8),
  /**
   * Draws so many patches once and makes every batch of them, so that what a slow teacher says of each can be kept
   * (`--cache`). They do not depend on the recipe's seed. Without it, each step draws new ones.
   */
  pool: positive.optional(),
  validation: z
    .strictObject({
      /** Number of validation images. */
      count: positive.default(8),
      /** Side of a validation image, in pixels. */
      size: positive.default(128),
    })
    .prefault({}),
});

/** How a student is trained, whichever network it is. */
const studentTraining = {
  /** A model to start from, instead of random weights: of the same network, or of a narrower form of it. */
  init: z.string().optional(),
  /** Train every 3x3 convolution as a sum of branches, which the released model has folded into one. */
  reparameterised: z.boolean().optional(),
};

type StudentConfig = NetworkConfig & z.infer<z.ZodObject<typeof studentTraining>>;

const studentConfig = z.discriminatedUnion(
  'kind',
  networkConfig.options.map((option) => option.safeExtend(studentTraining)) as never,
) as unknown as z.ZodType<StudentConfig>;

const optimiserConfig = z
  .strictObject({
    /** Muon is ahead by far where a run is short (docs/training.md). */
    kind: z.enum(['adamw', 'muon']).default('muon'),
    learningRate: z.number().positive().default(8e-4),
    finalLearningRate: z.number().nonnegative().default(1e-6),
    /** Steps of linear warm-up. */
    warmup: z.int().nonnegative().default(200),
    /** Of AdamW's running means of the gradient and of its square. */
    beta1: share.default(0.9),
    beta2: share.default(0.999),
    /** Of Muon's running mean of the gradient. */
    momentum: share.default(0.95),
    /** 0.1 for Muon, whose steps are as long for weights that no longer matter, and none for AdamW, unless given. */
    weightDecay: z.number().nonnegative().optional(),
    /** Largest norm of the whole gradient. */
    clip: z.number().positive().default(1),
    /** Decay of the weights' moving average, which validation and the released model use. */
    ema: share.default(0.999),
  })
  .transform(({ weightDecay, ...rest }) => ({
    ...rest,
    weightDecay: weightDecay ?? (rest.kind === 'muon' ? 0.1 : 0),
  }))
  .prefault({});

/** The weights of the distances that add up, of which one must not be 0. */
const lossConfig = z
  .strictObject({
    /** Of the mean absolute difference of pixels. */
    l1: z.number().nonnegative().default(1),
    /** Of that of spectra. */
    spectrum: z.number().nonnegative().default(0),
  })
  .refine(({ l1, spectrum }) => l1 + spectrum > 0, { error: 'needs a weight that is not 0' })
  .prefault({});

const recipeSchema = z
  .strictObject({
    /** Name of the run and of its folder. */
    name: z.string().regex(/^[\w][\w.-]*$/, 'must be letters, digits, ".", "_" and "-"'),
    task: z.string(),
    seed: z.int().default(1),
    data: dataConfig.prefault({}),
    /** What spoils clean photographs; `data.pairs` takes its place. */
    degradation: DegradationSettings.optional(),
    /** What a photograph goes through before the student sees it, beside what it was; the model remembers it. */
    before: before.optional(),
    student: studentConfig,
    /** Folder or file of the teacher's model. */
    teacher: z.string().optional(),
    /** Of several models, instead: their images are merged by `aggregator`, and in training one, by the student. */
    teachers: z.array(z.string()).min(1).optional(),
    /** What makes one image of the teachers': `mean`, or the path of a model that the method mtkd-aggregate trained. */
    aggregator: z.string().optional(),
    method: methodConfig,
    /** How the student's image is held against the clean one. */
    loss: lossConfig,
    optimiser: optimiserConfig,
    steps: positive,
    /** Steps between two log lines, validations and checkpoints. */
    every: z
      .strictObject({
        log: positive.default(20),
        validate: positive.default(500),
        checkpoint: positive.default(500),
      })
      .prefault({}),
  })
  .superRefine((recipe, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    const graph = buildNetwork(networkOf(recipe.student));
    if (recipe.data.pairs ? recipe.degradation : !recipe.degradation)
      issue(
        'degradation',
        'give one, or data.pairs for photographs that were recorded with theirs, and not both',
      );
    if ((recipe.before === 'deconvolution') !== (recipe.data.pairs === 'deconvolved'))
      issue('before', 'deconvolution goes with data.pairs deconvolved, which scripts/shake-pairs.ts makes');
    if (recipe.before && recipe.method.kind.startsWith('mtkd'))
      issue('method', 'merges what teachers make of one image, and this student sees two: take another');
    if (recipe.data.pairs && recipe.data.reduced.length > 0)
      issue('data.reduced', 'is for photographs without data.pairs');
    const alignment = graph.alignment * enlargement(graph);
    const refusal = untrainable(graph, recipe);
    if (refusal) issue('student.kind', refusal);
    for (const [key, mistake] of teachingMistakes(recipe)) issue(key, mistake);
    if (recipe.data.patch % alignment)
      issue('data.patch', `must be a multiple of ${alignment} for this student`);
    if (recipe.data.validation.size % alignment)
      issue('data.validation.size', `must be a multiple of ${alignment} for this student`);
    if (recipe.method.kind === 'mtkd' && recipe.method.distance === 'dct' && recipe.data.patch % 8)
      issue('data.patch', 'must be a multiple of 8 for method.distance dct');
    if (recipe.optimiser.warmup >= recipe.steps) issue('optimiser.warmup', 'must be less than steps');
  });

/** Everything that decides what a run computes. Two runs of one recipe on one engine give the same numbers. */
export type Recipe = z.infer<typeof recipeSchema>;
export type DataConfig = z.infer<typeof dataConfig>;

/** The student's network alone, without how it is trained. */
export function networkOf({ init: _, reparameterised: __, ...network }: Recipe['student']): NetworkConfig {
  return network;
}

/** Which keys do not say together who teaches, each with what is wrong. */
function teachingMistakes({
  method,
  teacher,
  teachers,
  aggregator,
}: Pick<Recipe, 'method' | 'teacher' | 'teachers' | 'aggregator'>): [key: string, mistake: string][] {
  const mistakes: [string, string][] = [];
  const merging = method.kind === 'mtkd-aggregate';
  if (merging && !teachers)
    mistakes.push([
      'teachers',
      'the method mtkd-aggregate needs them: the paths of the models whose images the student merges',
    ]);
  else if (method.kind !== 'scratch' && !teacher && !teachers)
    mistakes.push(['teacher', `the method ${method.kind} needs one: the path of a model`]);
  if (teacher && teachers) mistakes.push(['teachers', 'give these or one teacher, not both']);
  if (aggregator && merging)
    mistakes.push(['aggregator', 'is what the method mtkd-aggregate trains, as the student']);
  else if (aggregator && !teachers)
    mistakes.push(['aggregator', 'merges the images of several models: list them in teachers']);
  else if (!aggregator && !merging && teachers && teachers.length > 1)
    mistakes.push([
      'aggregator',
      'several teachers need one: mean, or the path of a model that the method mtkd-aggregate trained',
    ]);
  return mistakes;
}

/** Why a network cannot be trained on what the recipe shows it, if it cannot. */
function untrainable(
  graph: Graph,
  { method, teachers, degradation, before }: Pick<Recipe, 'method' | 'teachers' | 'degradation' | 'before'>,
): string | undefined {
  if (isTold(graph)) return 'must be told the noise level, which training does not do';
  const images = graph.nodes[0]!.channels / 3;
  if (before)
    return images === imagesSeen(before)
      ? undefined
      : `must see ${imagesSeen(before)} images, what ${before} made of a photograph and itself: take edge-unet with images ${imagesSeen(before)}`;
  if (method.kind !== 'mtkd-aggregate') return unpaired(graph, degradation);
  if (enlargement(graph) !== 1 || (images === 1 && teachers?.length !== 1))
    return 'must be a network that merges images of one size: dctswin or blend';
  if (teachers && images !== teachers.length)
    return `merges ${images} images, and there are ${teachers.length} teachers: set student.images to ${teachers.length}`;
  return undefined;
}

/** Whether a network must be told how strong the noise is. */
export function isTold(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => op === 'noise-level');
}

/** Why a network does not make a photograph of the clean one's size of one degraded photograph, if it does not. */
export function unpaired(graph: Graph, degradation: DegradationSettings | undefined): string | undefined {
  if (graph.nodes[0]!.channels !== 3)
    return 'merges several images, and degradations give one: that is for the method mtkd-aggregate';
  const { scale = 1 } = degradation ? createDegradation(degradation) : {};
  const factor = enlargement(graph);
  if (factor === scale) return undefined;
  const makes = factor === 1 ? 'keeps the size of its input' : `enlarges its input ${factor} times`;
  return scale === 1
    ? `${makes}, and ${degradation ? `degradation.kind ${degradation.kind}` : 'a recorded pair'} keeps the size: take bicubic-downscale with scale ${factor}`
    : `${makes}, and degradation.scale makes it ${scale} times smaller: take a network that enlarges as much, such as edge-sr with scale ${scale}`;
}

/** The student's graph while it trains: its network's, or the form with branches that folds into it. */
export function trainingGraph(student: Recipe['student']): Graph {
  const graph = buildNetwork(networkOf(student));
  return student.reparameterised ? withBranches(graph) : graph;
}

/**
 * Reads a recipe.
 *
 * @param text YAML
 * @param overrides `path.to.key=value` in the order in which they apply; the value is read as YAML, and
 *   no value at all (`teacher=`) takes the key away
 * @throws PellucidError `recipe/not-yaml`, `recipe/bad-override` or `recipe/invalid`, whose message has a line for
 *   each mistake: the key's path, what was expected, and the nearest key where one looks misspelt
 */
export function parseRecipe(text: string, overrides: readonly string[] = []): Recipe {
  const raw = readYaml(text);
  for (const override of overrides) applyOverride(raw, override);
  const parsed = recipeSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new PellucidError('recipe/invalid', `The recipe has mistakes:\n${explain(parsed.error, raw)}`, {
    cause: parsed.error,
  });
}

/** The recipe with every default spelt out. */
export function formatRecipe(recipe: Recipe): string {
  const document = new YAML.Document(recipe);
  YAML.visit(document, {
    Seq(_key, list) {
      list.flow = true;
    },
  });
  return document.toString();
}

function readYaml(text: string): Record<string, unknown> {
  let raw: unknown;
  try {
    raw = YAML.parse(text);
  } catch (cause) {
    throw new PellucidError('recipe/not-yaml', `The recipe is not YAML: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (isRecord(raw)) return raw;
  throw new PellucidError('recipe/not-yaml', 'The recipe must be a YAML mapping of keys to values.');
}

function applyOverride(raw: Record<string, unknown>, override: string): void {
  const bad = (why: string, cause?: unknown) =>
    new PellucidError('recipe/bad-override', `--set ${override}: ${why}.`, { cause });
  const equals = override.indexOf('=');
  if (equals < 1) throw bad('write it as path.to.key=value');
  const path = override.slice(0, equals).split('.');
  let parent = raw;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(parent, key)) parent[key] = {};
    const child = parent[key];
    if (typeof child !== 'object' || child === null) throw bad(`"${key}" is a plain value and has no keys`);
    parent = child as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  try {
    const value = YAML.parse(override.slice(equals + 1));
    if (value === null) delete parent[last];
    else parent[last] = value;
  } catch (cause) {
    throw bad('the value is not YAML', cause);
  }
}

function explain(error: z.ZodError, raw: unknown): string {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const line = (path: PropertyKey[], message: string) =>
    `  ${path.map(String).join('.') || 'recipe'}: ${message}`;
  return error.issues
    .flatMap((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const known = propertiesAt([schema], issue.path, raw).flatMap(Object.keys);
        return issue.keys.map((key) => {
          const meant = nearest(key, known);
          const hint = meant
            ? `did you mean "${meant}"?`
            : `expected one of ${[...new Set(known)].join(', ')}`;
          return line([...issue.path, key], `unknown key; ${hint}`);
        });
      }
      if (issue.code === 'invalid_union' && issue.discriminator) {
        const parents = propertiesAt([schema], issue.path.slice(0, -1), raw);
        const known = parents.map((properties) => properties[issue.discriminator as string]?.const);
        return [line(issue.path, `expected one of ${known.join(', ')}`)];
      }
      return [line(issue.path, issue.message.replace(/^Invalid input: /, ''))];
    })
    .join('\n');
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  const?: unknown;
}

/** The properties of every alternative that may stand at `path`, given the `kind` that `value` says it is. */
function propertiesAt(
  schemas: JsonSchema[],
  path: PropertyKey[],
  value: unknown,
): Record<string, JsonSchema>[] {
  const objects = schemas
    .flatMap((schema) => schema.oneOf ?? schema.anyOf ?? [schema])
    .flatMap(({ properties }) => (properties ? [properties] : []));
  const alike = objects.filter((properties) => isRecord(value) && properties.kind?.const === value.kind);
  const alternatives = alike.length > 0 ? alike : objects;
  const [key, ...rest] = path;
  if (key === undefined) return alternatives;
  return propertiesAt(
    alternatives.flatMap((properties) => properties[String(key)] ?? ([] as JsonSchema[])),
    rest,
    isRecord(value) ? value[String(key)] : undefined,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
