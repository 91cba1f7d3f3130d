/** The two pictures on top of each other, and the divider between them. */
export class Comparison {
  readonly #figure = element('comparison');
  readonly #before = element<HTMLImageElement>('before');
  readonly #after = element<HTMLImageElement>('after');
  readonly #split = element<HTMLInputElement>('split');

  /** @param onUnreadable called when the browser cannot show the photograph */
  constructor(onUnreadable: () => void) {
    this.#before.addEventListener('error', onUnreadable);
    this.#split.addEventListener('input', () => this.#place(Number(this.#split.value)));
    // The picture's own size decides how large the figure may grow: the restored one's, which may be enlarged.
    for (const picture of [this.#before, this.#after]) {
      picture.addEventListener('load', () => {
        const { naturalWidth: width, naturalHeight: height } = picture;
        this.#figure.style.setProperty('--width', `${width}px`);
        this.#figure.style.setProperty('--shape', `${width / height}`);
      });
    }
  }

  /** Shows a photograph alone, with nothing to compare it with. */
  showBefore(address: string): void {
    this.#before.src = address;
    this.showAfter(undefined);
    this.#place(50);
  }

  /** Shows what became of it, or takes that away. */
  showAfter(address: string | undefined): void {
    const compared = address !== undefined;
    this.#figure.classList.toggle('compared', compared);
    this.#after.hidden = !compared;
    if (compared) this.#after.src = address;
    else this.#after.removeAttribute('src');
  }

  /** Shows the pictures pixel for pixel, to be scrolled, or as large as there is room. */
  showActualSize(actual: boolean): void {
    this.#figure.classList.toggle('actual', actual);
    // The middle first, where the divider is.
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = this.#figure;
    this.#figure.scrollTo((scrollWidth - clientWidth) / 2, (scrollHeight - clientHeight) / 2);
  }

  #place(share: number): void {
    this.#split.value = String(share);
    this.#figure.style.setProperty('--split', `${share}%`);
    this.#split.setAttribute('aria-valuetext', `${Math.round(share)} % before`);
  }
}

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
