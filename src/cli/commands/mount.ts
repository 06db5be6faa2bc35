/** `lvfs mount`: mounts a view and leaves a daemon behind that serves it. */
import { resolve } from 'node:path';
import { exitStatus, LvfsError, type ExitStatus } from '../../base/index.js';
import type { BindRequest, SessionRequest, SessionStatus } from '../../daemon/index.js';
import { endAtBugs } from '../bugs.js';
import { defineCommand, placeOptions, ruleOptions, setOptions, type Invocation } from '../command.js';
import { bindOptions, bindRequest, driverOption } from '../insideOptions.js';
import { displayText, targetNames } from '../text.js';
import { viewRequest } from '../viewRequest.js';

const options = {
  ...setOptions,
  ...ruleOptions,
  ...placeOptions,
  ...bindOptions,
  trace: {
    type: 'boolean',
    describe: 'Report every access in lvfs log, not only denials; the kernel then remembers nothing',
  },
  foreground: {
    type: 'boolean',
    alias: 'f',
    describe: 'Serve in this process until the view is unmounted',
    more: 'SIGINT, SIGTERM or SIGHUP unmounts; a second one does so although the view is in use.',
  },
  ...driverOption,
  threads: {
    type: 'number',
    value: 'N',
    range: [1, 64],
    describe: 'Serving threads (default 1)',
    more: 'One is best nearly always.',
  },
  nonempty: { type: 'boolean', describe: 'Mount over a directory that is not empty' },
} as const;

export const command = defineCommand({
  name: 'mount',
  summary: 'mount the view for building a package',
  describe:
    "Mounts a view of the host's root that shows only the files of packages that a build of the atoms may use: the installed " +
    'matches of DEPEND and BDEPEND, @system, and what these need to run. Returns when the view answers; a daemon serves it until ' +
    'it is unmounted.',
  options,
  examples: [
    ['lvfs mount dev-libs/foo /var/tmp/lvroot', 'the view for building dev-libs/foo'],
    ['lvfs mount --with dev-debug/gdb =dev-libs/foo-1.2 /var/tmp/lvroot', 'with one more package'],
    ['lvfs umount /var/tmp/lvroot', 'its end'],
  ],
  operands: [
    { name: 'atom…', is: 'target' },
    { name: 'mountpoint', is: 'directory' },
  ],
  async run(invocation) {
    const { operands, options: given } = invocation;
    const settings = await invocation.settings();
    const request: SessionRequest = {
      ...viewRequest(settings, given, operands.slice(0, -1)),
      mountpoint: resolve(operands.at(-1)!),
      driver: settings.driver,
      threads: settings.threads,
      nonempty: given.nonempty,
      binds: mountedOver(invocation),
      trace: given.trace,
      version: invocation.version(),
    };
    return given.foreground ? foreground(invocation, request) : background(invocation, request);
  },
});

/**
 * What is mounted over the view. An ordinary user's view, made by fusermount, is all that he may mount.
 *
 * @throws LvfsError NOT_ROOT (exit 23) for binds that he asks for
 */
function mountedOver({ options: given, output }: MountInvocation): BindRequest {
  const request = bindRequest(given, false);
  if (process.getuid?.() === 0) return request;
  if (request.binds.length + request.readOnlyBinds.length > 0) {
    throw new LvfsError('NOT_ROOT', '--bind and --ro: only root can mount over a mounted view', {
      hint: 'lvfs run and lvfs shell do it without root',
    });
  }
  if (!request.defaults) return request;
  output.log('info', 'nothing is mounted over the view: only root can; run and shell do it in a namespace');
  return { ...request, defaults: false };
}

type MountInvocation = Invocation<typeof options>;

async function background({ output }: MountInvocation, request: SessionRequest): Promise<ExitStatus> {
  const { launchView } = await import('../../library/index.js');
  const status = await launchView(request, {
    progress: (text) => output.progress(text),
    log: output.log,
  });
  try {
    announce({ output }, status);
  } catch (error) {
    // Whoever is told that it failed does not expect a view to be there.
    const { unmountView } = await import('../../library/index.js');
    await unmountView(status.mountpoint, { lazy: true });
    throw error;
  }
  return exitStatus.ok;
}

async function foreground({ output }: MountInvocation, request: SessionRequest): Promise<ExitStatus> {
  const [{ createSessionDirectory, runSession }, { dismissAhead }] = await Promise.all([
    import('../../daemon/index.js'),
    import('../../library/index.js'),
  ]);
  // `mount -qf …` did not look like this, and the view may last for days.
  await dismissAhead();
  output.serve();
  endAtBugs();
  const end = await runSession(request, {
    directory: createSessionDirectory(),
    progress: (text) => output.progress(text),
    log: output.log,
    ready: (status) => announce({ output }, status),
    hangup: 'stop',
  });
  return end.failure === undefined ? exitStatus.ok : exitStatus.failure;
}

function announce({ output }: Pick<MountInvocation, 'output'>, status: SessionStatus): void {
  output.endProgress();
  if (output.json) {
    output.printJson({ mounts: [status] });
    return;
  }
  const { mountpoint, targets, packages, paths } = status;
  output.print(
    `${output.colors.bold(displayText(mountpoint))}: ${targetNames(targets)} (${packages} packages, ${paths} paths)`,
  );
}
