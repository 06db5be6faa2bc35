/** Denials of a mounted view as they come. */
import type { Denial } from '../audit/index.js';
import { LvfsError } from '../base/index.js';
import type { ControlClient } from '../daemon/index.js';

/** Tells of each denial, those that there are and those to come, until the view is unmounted or the connection closed. */
export async function follow(client: ControlClient, tell: (denial: Denial) => void): Promise<void> {
  try {
    await client.request('follow', {}, tell);
  } catch (error) {
    // The view was unmounted: that is how following ends.
    if (!(error instanceof LvfsError) || error.code !== 'NO_ANSWER') throw error;
  }
}
