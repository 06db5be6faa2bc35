/** Options of the verbs that run something in a view, and the request they make. */
import { resolve } from 'node:path';
import { driverChoices } from '../base/index.js';
import type { BindRequest } from '../daemon/index.js';
import type { PrivateOptions } from '../library/index.js';
import { placeOptions, ruleOptions, setOptions, type OptionValues } from './command.js';
import type { Settings } from './config.js';
import { shown } from './viewRequest.js';

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

/** The private view of a command, as the library is asked for it. */
export function privateOptions(
  settings: Settings,
  given: OptionValues<typeof insideOptions>,
): PrivateOptions {
  return {
    ...shown(settings, given),
    driver: settings.driver,
    threads: settings.threads,
    binds: bindRequest(given, false),
    noNetwork: given.net === 'none',
    hostProcesses: given.pid === 'host',
  };
}
