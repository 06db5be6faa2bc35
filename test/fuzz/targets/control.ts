import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../../src/base/index.js';
import { viewMethods, type ViewMethods } from '../../../src/daemon/control/methods.js';
import type { Handlers } from '../../../src/daemon/control/protocol.js';
import { serveClient } from '../../../src/daemon/control/server.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same } from '../holds.js';

/** What handlers were given. */
let called: [method: string, parameters: object][] = [];

const isText = (value: unknown): boolean => typeof value === 'string';
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

/** Whether parameters are what docs/control-protocol.md says. */
const right: Readonly<Record<string, (value: unknown) => boolean>> = {
  lazy: (value) => typeof value === 'boolean',
  html: (value) => typeof value === 'boolean',
  captured: (value) => typeof value === 'boolean',
  mountpoint: isText,
  cwd: isText,
  log: isText,
  package: isText,
  status: (value) => typeof value === 'number',
  paths: areTexts,
  names: areTexts,
  packages: areTexts,
  targets: areTexts,
  programs: areTexts,
  habitsOff: areTexts,
  ignore: (value) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null),
};

const handlers = Object.fromEntries(
  Object.keys(viewMethods).map((method) => [
    method,
    (parameters: object) => void called.push([method, parameters]),
  ]),
) as unknown as Handlers<ViewMethods>;

export const control: FuzzTarget = {
  name: 'control',
  seeds: [
    '{"id":1,"method":"status"}\n{"id":"a","method":"why","params":{"paths":["/a"]}}\n',
    '{"id":1,"method":"report","params":{"ignore":[{"path":"/x","reason":"y"}],"status":1,"log":"z"}}\n',
    '{"id":2,"method":"allow","params":{"names":["a/b"]}}\n\n  \n{"id":3,"method":"umount","params":{"lazy":true}}\n',
    '{"id":4,"method":"inside","params":{"cwd":"/","programs":["/bin/sh"]}}\n{"id":5,"method":"nothing"}\n',
  ],
  words: [
    '{"id":1,"method":"',
    '"params":{',
    '"}}\n',
    '\n',
    'null',
    '[]',
    '__proto__',
    'constructor',
    '\\u0000',
    '1e999',
  ],
  async run(input) {
    called = [];
    const sent: Buffer[] = [];
    const client = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => {
        sent.push(chunk);
        done();
      },
    });
    const mayChange = (input[0] ?? 0) % 2 === 1;
    const hello = { lvfs: '1', protocol: 1, pid: 1, mountpoint: '/m' };
    let complaint: string | undefined;
    const log: Logger = (level, text) => {
      if (level === 'error') complaint = text;
    };
    serveClient(client as never, { hello, methods: viewMethods, handlers, log }, { mayChange });
    const half = input.length >> 1;
    client.push(input.subarray(0, half));
    client.push(input.subarray(half));
    await nextTurn();
    await nextTurn();
    client.destroy();
    hold(complaint === undefined, complaint ?? '');
    const asked = input.toString('utf8').split('\n').slice(0, -1);
    const answers = Buffer.concat(sent).toString('utf8').split('\n').slice(1, -1);
    same(answers.length, asked.filter((line) => line.trim() !== '').length, 'each is answered');
    for (const line of answers) {
      const { error, result } = JSON.parse(line) as { error?: { code: string }; result?: unknown };
      hold((error === undefined) !== (result === undefined), line);
      hold(error?.code !== 'INTERNAL', line);
    }
    for (const [method, parameters] of called) {
      hold(mayChange || !('changes' in viewMethods[method as keyof ViewMethods]), `${method} from inside`);
      for (const [key, value] of Object.entries(parameters))
        hold(value === undefined || right[key]?.(value) === true, `${method}: ${key}`);
    }
  },
};
