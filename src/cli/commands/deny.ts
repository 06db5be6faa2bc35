/** `lvfs deny`: shows less in a mounted view. */
import { liveCommand } from '../liveCommand.js';

export const command = liveCommand('deny');
