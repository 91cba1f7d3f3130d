export { type Converted, isConverted, readConverted } from './converted.ts';
export { importModel } from './import-model.ts';
export { readStateDict, type StateDict } from './state-dict.ts';
