import { expect, it } from 'vitest';
import { fitAggd, ggdShape, shapeRatio } from './generalised-gaussian.ts';

it('has the ratios of known distributions: Laplace 1/2, normal 2/pi', () => {
  expect(shapeRatio(1)).toBeCloseTo(0.5, 14);
  expect(shapeRatio(2)).toBeCloseTo(0.6366197723675814, 14);
});

it('finds the shape of each distribution from its moments', () => {
  for (const shape of [0.2, 0.5, 1, 2, 3.456, 10]) {
    expect(ggdShape(Math.sqrt(shapeRatio(shape)), 1)).toBeCloseTo(shape, 9);
    const symmetric = { magnitude: Math.sqrt(shapeRatio(shape)), power: 1, left: 1, right: 1 };
    expect(fitAggd(symmetric).shape).toBeCloseTo(shape, 9);
    expect(fitAggd(symmetric).eta).toBe(0);
  }
});

it('fits -2, -1, 0, 1, 2, 3 as the authors of BRISQUE do', () => {
  expect(ggdShape(9 / 6, 19 / 6)).toBeCloseTo(4.223, 9);
  const { shape, eta } = fitAggd({ magnitude: 9 / 6, power: 19 / 6, left: 5 / 2, right: 14 / 3 });
  expect(shape).toBeCloseTo(5.837, 9);
  expect(eta).toBeCloseTo(0.493560033834, 11);
});

it('fits what lies on one side, and nothing at all, without losing its footing', () => {
  const oneSided = fitAggd({ magnitude: 1, power: 2, left: 0, right: 2 });
  const mirrored = fitAggd({ magnitude: 1, power: 2, left: 2, right: 0 });
  expect(oneSided.eta).toBeGreaterThan(0);
  expect(mirrored.eta).toBe(-oneSided.eta);
  expect(mirrored.shape).toBe(oneSided.shape);
  expect(fitAggd({ magnitude: 0, power: 0, left: 0, right: 0 })).toEqual({ shape: 0.2, eta: 0 });
});
