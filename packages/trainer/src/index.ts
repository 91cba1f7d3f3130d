export { runCommand } from './cli/command.ts';
export { proceduralPhotograph } from './data/procedural.ts';
export { type Engine, openEngine } from './engine/index.ts';
export type { Observer, TrainingEvent } from './events.ts';
export { isImageFile, readImage } from './image-file.ts';
export { loadModel } from './model-file.ts';
export { parseRecipe, type Recipe } from './recipe.ts';
export { type TrainingOptions, type TrainingResult, train } from './train.ts';
export { openTrainingData, type TrainingData } from './training-data.ts';
