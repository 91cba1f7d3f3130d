/** What is wrong with the drawing, so that each task has something to do: by the task that mends it. */
const spoilers: Record<string, (context: Context, random: () => number) => void> = {
  deblur: shake,
  derain: rain,
  // Its file does it.
  jpeg: () => {},
};

type Context = OffscreenCanvasRenderingContext2D;

const SIGMA = 25;

/**
 * Spoils a drawing as a photograph for a task may be, and gives its file. For a task that enlarges it is a small one;
 * where nothing is known of the task it has the noise of a dark night.
 *
 * @param random numbers in 0..1
 */
export async function spoil(
  canvas: OffscreenCanvas,
  task: string,
  enlargement: number,
  random: () => number,
): Promise<File> {
  if (enlargement > 1) return fileOf(shrunk(canvas, enlargement));
  (spoilers[task] ?? noise)(canvas.getContext('2d')!, random);
  return fileOf(canvas, task === 'jpeg' ? 0.1 : undefined);
}

/** A JPEG where a quality is given, 0..1, and else a PNG. */
async function fileOf(canvas: OffscreenCanvas, quality?: number): Promise<File> {
  const [ending, options] =
    quality === undefined ? ['png', { type: 'image/png' }] : ['jpg', { type: 'image/jpeg', quality }];
  const blob = await canvas.convertToBlob(options);
  return new File([blob], `drawing.${ending}`, { type: options.type });
}

function shrunk(canvas: OffscreenCanvas, times: number): OffscreenCanvas {
  const small = new OffscreenCanvas(canvas.width / times, canvas.height / times);
  const context = small.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}

function noise(context: Context, random: () => number): void {
  const { width, height } = context.canvas;
  const image = context.getImageData(0, 0, width, height);
  for (let i = 0; i < image.data.length; i++)
    if (i % 4 < 3) image.data[i] = image.data[i]! + SIGMA * normal(random);
  context.putImageData(image, 0, 0);
}

/** The mean of the drawing at the places of a short way, as a camera that moves sees it. */
function shake(context: Context): void {
  const { canvas } = context;
  const still = new OffscreenCanvas(canvas.width, canvas.height);
  still.getContext('2d')!.drawImage(canvas, 0, 0);
  for (let step = 1; step <= 8; step++) {
    context.globalAlpha = 1 / (step + 1);
    context.drawImage(still, step, step / 2);
  }
  context.globalAlpha = 1;
}

function rain(context: Context, random: () => number): void {
  const { width, height } = context.canvas;
  context.strokeStyle = '#fff';
  for (let streak = 0; streak < 900; streak++) {
    const [x, y, length] = [width * random(), height * random(), 10 + 20 * random()];
    context.globalAlpha = 0.1 + 0.35 * random();
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - length / 4, y + length);
    context.stroke();
  }
  context.globalAlpha = 1;
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
