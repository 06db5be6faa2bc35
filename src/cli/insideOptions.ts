/** Options of the verbs that run something in a view, and the request they make. */
import { resolve } from 'node:path';
import { driverChoices } from '../base/index.js';
import type { BindRequest, InsideRequest } from '../daemon/index.js';
import { placeOptions, ruleOptions, setOptions, type Invocation, type OptionValues } from './command.js';
import { viewRequest } from './viewRequest.js';

/** Options about what is mounted over a view. */
export const bindOptions = {
  bind: {
    type: 'list',
    value: 'SRC[:DST]',
    describe: 'Show this directory or file of the host inside, writable',
    more: 'By default at the same place. A directory needs no place of its own on the host; a file takes the place of one that the host has there, hidden or not.',
  },
  ro: { type: 'list', value: 'SRC[:DST]', describe: 'The same, read-only' },
  'no-binds': {
    type: 'boolean',
    describe: 'Without /proc, /dev, /tmp and the other places that builds need; only --bind and --ro',
  },
} as const;

/** Options about the namespaces of a command. */
export const namespaceOptions = {
  net: {
    type: 'string',
    choices: ['host', 'none'],
    describe: "The host's network (default), or none",
  },
  pid: {
    type: 'string',
    choices: ['own', 'host'],
    describe: 'Processes of its own (default), or among those of the host',
  },
} as const;

/** How a view is served. */
export const driverOption = {
  driver: {
    type: 'string',
    choices: driverChoices,
    describe: 'How to speak to the kernel (default auto: the first that works)',
    more: 'kernel speaks to it directly; libfuse is for machines and users that cannot, and needs the npm package fuse-native.',
  },
} as const;

/** All options of a verb that mounts a view for itself. */
export const insideOptions = {
  ...setOptions,
  ...ruleOptions,
  ...placeOptions,
  ...bindOptions,
  ...namespaceOptions,
  ...driverOption,
} as const;

/** What is bound, as the daemon is asked for it. */
export function bindRequest(given: OptionValues<typeof bindOptions>, create: boolean): BindRequest {
  return {
    defaults: !given['no-binds'],
    create,
    binds: given.bind.map(absoluteSource),
    readOnlyBinds: given.ro.map(absoluteSource),
  };
}

/** `SRC[:DST]` as it means the same in another directory. */
function absoluteSource(text: string): string {
  const [, source = '', target = ''] = /^([^:]*)(.*)$/s.exec(text) ?? [];
  // That it is wrong is told of what was given.
  return source === '' ? text : resolve(source) + target;
}

/**
 * The private view of a command.
 *
 * @param emerge emerge will run in it: it has to be visible, and the directories that it would make are made
 * @param checkout the command works on what lies in the current directory: that is shown, unless nothing is to be bound
 */
export async function insideRequest(
  invocation: Invocation<typeof insideOptions>,
  targets: readonly string[],
  { emerge, checkout = false }: { emerge: boolean; checkout?: boolean },
): Promise<InsideRequest> {
  const { options: given } = invocation;
  const settings = await invocation.settings();
  // Where that has been removed, the command would work on something else.
  const here = checkout ? process.cwd() : undefined;
  return {
    ...viewRequest(settings, given, targets),
    driver: settings.driver,
    threads: settings.threads,
    version: invocation.version(),
    binds: {
      ...bindRequest(given, emerge),
      ...(here === undefined || given['no-binds'] ? {} : { workingDirectory: here }),
    },
    ...(emerge ? { program: 'emerge' } : {}),
    noNetwork: given.net === 'none',
    hostProcesses: given.pid === 'host',
  };
}
