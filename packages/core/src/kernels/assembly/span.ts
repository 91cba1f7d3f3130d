/** Which outputs of a strided window lie inside an image. */

/** The first output, from 0, whose input position `output * stride + offset` is not negative. */
@inline
export function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** One past the last output whose input position is below `size`. */
@inline
export function endInside(offset: i32, stride: i32, size: i32): i32 {
  return offset >= size ? 0 : (size - 1 - offset) / stride + 1;
}
