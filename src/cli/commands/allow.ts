/** `lvfs allow`: shows more in a mounted view. */
import { liveCommand } from '../liveCommand.js';

export const command = liveCommand('allow');
