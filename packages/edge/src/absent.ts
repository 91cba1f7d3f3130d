/** Stands in the bundle for a module that the Worker never loads. */
export {};
