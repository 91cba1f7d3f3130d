/** The page: a photograph comes in, is restored where the visitor says, and is compared with itself. */
import { restoreInBrowser } from './browser.ts';
import { Comparison, element } from './comparison.ts';
import { duration, factsOf, fileName } from './facts.ts';
import { type Outcome, type Place, type Restore, Trouble } from './outcome.ts';
import { drawSample } from './sample.ts';
import { listTasks, restoreOnServer, useToken } from './server.ts';
import { nameOf, type ServedTask } from './tasks.ts';

const restoreAt: Record<Place, Restore> = { server: restoreOnServer, browser: restoreInBrowser };
const privacy: Record<Place, string> = {
  server: 'Your photograph is sent to this server to be restored.',
  browser: 'Your photograph stays on this device: the network comes to it.',
};

const choices = element<HTMLFormElement>('choices');
const taskChoice = element<HTMLSelectElement>('task');
const picker = element<HTMLInputElement>('file');
const stage = element('stage');
const progress = element<HTMLProgressElement>('progress');
const status = element('status');
const trouble = element('trouble');
const facts = element('facts');
const [cancel, again, size, other] = ['cancel', 'again', 'size', 'other'].map((id) =>
  element<HTMLButtonElement>(id),
);
const download = element<HTMLAnchorElement>('download');
const comparison = new Comparison(() => showPhotograph(false));

/** A restored photograph with the address it can be shown by. */
type Shown = Outcome & { address: string };

/** What the server can do, by the names in the choice. */
let served = new Map<string, ServedTask>();
let photograph: { file: File; address: string; drawn: boolean } | undefined;
/** What was made of the photograph so far, by task and place. */
let made = new Map<string, Shown>();
let running: AbortController | undefined;

const place = () => new FormData(choices).get('place') as Place;
const task = () => taskChoice.value;
const key = () => `${task()} ${place()}`;
const enlargement = () => served.get(task())?.enlargement ?? 1;

async function start(): Promise<void> {
  picker.addEventListener('change', () => open(picker.files?.[0]));
  element('sample').addEventListener('click', draw);
  // Another task mends something else than what the drawing was spoiled by.
  choices.addEventListener('change', ({ target }) =>
    photograph?.drawn && target === taskChoice ? draw() : show(),
  );
  // Enter in the token's field is no wish to leave the page.
  choices.addEventListener('submit', (event) => event.preventDefault());
  cancel!.addEventListener('click', () => running?.abort());
  again!.addEventListener('click', show);
  other!.addEventListener('click', close);
  size!.addEventListener('click', () => {
    const actual = size!.getAttribute('aria-pressed') !== 'true';
    size!.setAttribute('aria-pressed', String(actual));
    comparison.showActualSize(actual);
  });
  document.addEventListener('paste', ({ clipboardData }) => open(clipboardData?.files[0]));
  element('token').addEventListener('change', ({ target }) => {
    useToken((target as HTMLInputElement).value);
    void fillTasks();
  });
  acceptDrops();
  showChoices();
  await fillTasks();
}

/** Offers what the server can do, or asks for the token that it wants first. */
async function fillTasks(): Promise<void> {
  try {
    const tasks = await listTasks();
    served = new Map(tasks.map((each) => [each.task, each]));
    taskChoice.replaceChildren(...tasks.map((each) => new Option(nameOf(each), each.task)));
    trouble.hidden = true;
    showChoices();
  } catch (error) {
    element('access').hidden = (error as Trouble).status !== 401;
    fail((error as Error).message);
  }
}

/** A file may be dropped anywhere on the page. */
function acceptDrops(): void {
  let inside = 0;
  const over = (change: number) => {
    inside += change;
    document.body.classList.toggle('dropping', inside > 0);
  };
  document.addEventListener('dragenter', () => over(1));
  document.addEventListener('dragleave', () => over(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    over(-inside);
    open(event.dataTransfer?.files[0]);
  });
}

async function draw(): Promise<void> {
  open(await drawSample({ task: task(), enlargement: enlargement() }), true);
}

function open(file: File | undefined, drawn = false): void {
  if (!file) return;
  forget();
  photograph = { file, address: URL.createObjectURL(file), drawn };
  showPhotograph(true);
  comparison.showBefore(photograph.address);
  other!.hidden = false;
  void show();
}

function close(): void {
  forget();
  showPhotograph(false);
  for (const part of [other, size, again, download, facts, trouble]) part!.hidden = true;
  status.textContent = '';
  showChoices();
  picker.focus();
}

function forget(): void {
  running?.abort();
  for (const { address } of made.values()) URL.revokeObjectURL(address);
  made = new Map();
  if (photograph) URL.revokeObjectURL(photograph.address);
  photograph = undefined;
  picker.value = '';
}

/** Shows what the present choices made of the photograph, and makes it first where that has not been done. */
async function show(): Promise<void> {
  showChoices();
  if (!photograph) return;
  running?.abort();
  const shown = made.get(key());
  if (shown) return showOutcome(shown);
  const [wanted, source, controller] = [key(), photograph, new AbortController()];
  running = controller;
  showRunning();
  try {
    const outcome = await restoreAt[place()](source.file, task(), controller.signal, (doing, share) => {
      if (running === controller) showProgress(doing, share);
    });
    if (source !== photograph) return;
    made.set(wanted, { ...outcome, address: URL.createObjectURL(outcome.image) });
    if (running === controller) showOutcome(made.get(wanted)!);
  } catch (error) {
    if (running !== controller) return;
    if (controller.signal.aborted) showStopped('Cancelled.');
    else fail(error instanceof Trouble ? error.message : 'Restoring failed. Try again.');
  }
}

/** Shows the photograph, or the place where one goes. */
function showPhotograph(open: boolean): void {
  stage.classList.toggle('open', open);
  element('comparison').hidden = !open;
}

function showChoices(): void {
  element('privacy').textContent = privacy[place()];
  element('curl').textContent =
    `curl --data-binary @photo.png '${location.origin}/v1/restore?task=${task()}' -o restored.png`;
  for (const output of choices.querySelectorAll<HTMLOutputElement>('[data-time]')) {
    const outcome = made.get(`${task()} ${output.dataset.time}`);
    output.textContent = outcome ? duration(outcome.milliseconds) : '';
  }
}

function showRunning(): void {
  comparison.showAfter(undefined);
  for (const part of [again, size, download, facts, trouble]) part!.hidden = true;
  cancel!.hidden = progress.hidden = false;
  showProgress('Starting');
}

function showProgress(doing: string, share?: number): void {
  // A bar without a value says that nobody knows how long it will take.
  if (share === undefined) progress.removeAttribute('value');
  else progress.value = share;
  const text = `${doing}…`;
  if (status.textContent !== text) status.textContent = text;
}

function showOutcome(outcome: Shown): void {
  showStopped('');
  comparison.showAfter(outcome.address);
  again!.hidden = true;
  download.hidden = size!.hidden = facts.hidden = false;
  download.href = outcome.address;
  download.download = fileName(photograph!.file.name, outcome.task ?? 'unchanged', outcome.image.type);
  facts.replaceChildren(...factsOf(photograph!.file, outcome).map(fact));
  const where = place() === 'server' ? 'on the server' : 'in this browser';
  const what = enlargement() === 1 ? 'Restored' : `Enlarged ${enlargement()} times`;
  status.textContent =
    outcome.task === null
      ? 'Nothing to mend was found; the photograph is as it came.'
      : `${what} ${where} in ${duration(outcome.milliseconds)}.`;
  showChoices();
}

/** Ends a run without a result: the photograph stays, and can be tried again. */
function showStopped(why: string): void {
  running = undefined;
  status.textContent = why;
  cancel!.hidden = progress.hidden = trouble.hidden = true;
  again!.hidden = photograph === undefined;
}

function fail(why: string): void {
  showStopped('');
  trouble.textContent = why;
  trouble.hidden = false;
}

function fact([term, description]: [string, string]): HTMLElement {
  const row = document.createElement('div');
  const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
  dt.textContent = term;
  dd.textContent = description;
  row.append(dt, dd);
  return row;
}

await start();
