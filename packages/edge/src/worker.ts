import { createApp } from './app.ts';
import { restorerFor } from './engine.ts';

export default createApp(restorerFor);
