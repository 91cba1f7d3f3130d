import { existsSync } from 'node:fs';

/** The browser of `PELLUCID_BROWSER`, or the first that is installed where distributions put it. */
export const executablePath: string | undefined = (
  process.env.PELLUCID_BROWSER
    ? [process.env.PELLUCID_BROWSER]
    : [
        ...['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`),
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      ]
).find(existsSync);
