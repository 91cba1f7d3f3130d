import type { TestProject } from 'vitest/node';
import { Service } from './service.ts';

declare module 'vitest' {
  interface ProvidedContext {
    address: string;
    workerd: number | undefined;
  }
}

/** One server for all the tests, stopped after them. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const service = await Service.start();
  project.provide('address', service.address);
  project.provide('workerd', service.workerd);
  return () => service.stop();
}
