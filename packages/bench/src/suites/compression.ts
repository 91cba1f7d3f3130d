import path from 'node:path';
import { type Model, macsPerPixel, parameters, writeModel } from '@pellucid/core';
import { loadModel } from '@pellucid/trainer';
import { locateModel, releasedModels } from '../models.ts';
import { numberOf, sizeOf, words } from '../options.ts';
import type { CompressionRow } from '../report/schema.ts';
import type { Suite } from '../suite.ts';
import { TEACHERS } from '../teachers.ts';

/** What papers on restoration count MACs for. */
const USUAL_SIZE = '256x256';

/** What a student costs, and how far that lies below its teacher. */
export const compression: Suite = {
  description: 'Parameters, MACs and file size of students against their teachers; fails below --floor',
  options: ['model', 'teacher', 'size', 'floor'],
  async run(options, session) {
    const floor = numberOf('floor', options.floor, (value) => value >= 0 && value < 1);
    const size = sizeOf(options.size ?? USUAL_SIZE);
    const students = options.model === undefined ? await releasedStudents() : words(options.model);
    const rows: CompressionRow[] = [];
    for (const student of students) {
      const teacher = options.teacher ?? path.posix.join(path.posix.dirname(student), 'teacher');
      // Beside students there may be others to measure: teachers, which are not held against themselves.
      if (student === teacher || student.startsWith(TEACHERS)) continue;
      const [model, compared] = await Promise.all([student, teacher].map(modelOf));
      rows.push(compareCost(model!, compared!, size, floor));
    }
    session.report.compression = rows;
    await session.save();
    const failed = rows.filter(({ passed }) => !passed).map(({ model }) => model);
    if (failed.length > 0) session.fail(`${failed.join(', ')}: cut by less than ${100 * floor} %.`);
  },
};

async function modelOf(name: string): Promise<Model> {
  return loadModel(await locateModel(name));
}

/** Released models that have a teacher beside them. */
async function releasedStudents(): Promise<string[]> {
  const names = await releasedModels();
  return names.filter((name) => {
    const teacher = path.posix.join(path.posix.dirname(name), 'teacher');
    return name !== teacher && names.includes(teacher);
  });
}

/** A student's cost beside its teacher's, both read off their graphs. */
function compareCost(
  model: Model,
  teacher: Model,
  size: { width: number; height: number },
  floor: number,
): CompressionRow {
  const cost = (of: Model) => ({
    parameters: parameters(of.graph),
    macsPerPixel: macsPerPixel(of.graph),
    macs: macsPerPixel(of.graph) * size.width * size.height,
    bytes32: writeModel(of, 'F32').length,
    bytes16: writeModel(of, 'F16').length,
  });
  const student = cost(model);
  const compared = cost(teacher);
  const parametersCut = 1 - student.parameters / compared.parameters;
  const macsCut = 1 - student.macsPerPixel / compared.macsPerPixel;
  return {
    model: model.name,
    teacher: teacher.name,
    size,
    student,
    compared,
    parametersCut,
    macsCut,
    floor,
    passed: parametersCut >= floor && macsCut >= floor,
  };
}
