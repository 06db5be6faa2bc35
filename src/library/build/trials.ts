/**
 * The builds of `lvfs build` and `check` in one private view: the first, in what the ebuild declares, and those that prove something, with
 * hidden packages shown besides. With emerge every build starts from nothing, as Portage's own do; those of a proof make their binary
 * packages in a directory that is removed, and leave neither logs nor messages behind.
 */
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type {
  BuildResult,
  Denial,
  Evidence,
  Image,
  Missing,
  Report,
  SettingChange,
  Settings as BuildSettings,
} from '../../audit/index.js';
import { LvfsError, packageName, type PackageId } from '../../base/index.js';
import type { IgnoreSetting, Inside, UsedPackage } from '../../daemon/index.js';
import type { Hearer } from '../mounting.js';
import type { Interruption } from './interruption.js';
import { statusOf } from './room.js';
import { plainResult, recalledResult, trialKey, type TrialMemory } from './trialMemory.js';

/** How long a build that is to end may take before it is killed, in milliseconds. */
const patience = 10_000;

/** The PKGDIR of builds that prove something, in a directory of their own. */
const packagesName = 'packages';

/** How to build. */
export interface BuildPlan {
  readonly command: string | undefined;
  readonly compare: boolean;
  /** Prove what a failed build lacked. */
  readonly prove: boolean;
  /** How long builds that prove something may take, in minutes. */
  readonly proofTime: number | undefined;
  readonly image: string | undefined;
  readonly html: boolean;
  /** Show the build's output. */
  readonly show: boolean;
  /** In colours, where emerge has them. */
  readonly color?: boolean;
  /** The first build is made only to be looked at, as the others are; its result is in the outcome, compared or not. */
  readonly apart?: boolean;
  /** How many builds may be made besides the first. */
  readonly mostBuilds?: number;
  /** Hears the exit status of the first build. */
  readonly onFirst?: (status: number) => void;
  /** Hears how each build but the first ended: what was shown, exit status, seconds; and those that were remembered. */
  readonly onTrial?: (what: string, status: number, seconds: number, isKnown: boolean) => void;
  /** Builds of an earlier call. */
  readonly memory?: TrialMemory;
  readonly ignore: readonly IgnoreSetting[];
  readonly habitsOff: readonly string[];
  /** Hears of every denial of the first build as it happens. */
  readonly onDenial?: (denial: Denial) => void;
}

/** The builds in one view, one after the other. */
export class Trials implements Evidence {
  readonly #inside: Inside;
  readonly #plan: BuildPlan;
  readonly #talk: Hearer;
  readonly #interruption: Interruption;
  readonly #targets: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #made = 0;
  /** Host path of a directory for what is made only to be looked at. */
  #scratch: string | undefined;
  /** The first build's result, that the others are compared with. */
  #image: Image | undefined;
  /** What the first build found out. */
  #settings: BuildSettings | undefined;
  /** Settings that differ although the same is shown, by file and name. */
  readonly #unsteady = new Set<string>();
  /** What lay in the directory of the result before the first build. */
  #before: ReadonlySet<string> = new Set();
  #hidden: ReadonlySet<PackageId> = new Set();
  /** On the clock of performance.now(): no build goes on after that. */
  #deadline = Number.POSITIVE_INFINITY;
  #isLate = false;
  /** What the last build was noted for. */
  #noted: { readonly used: readonly UsedPackage[]; readonly missing: readonly Missing[] } = {
    used: [],
    missing: [],
  };
  readonly reported = new Map<PackageId, Missing>();
  readonly used = new Map<PackageId, UsedPackage>();
  readonly hasSysroot: boolean;
  /** How the last build ended. */
  status = 0;
  /** The last image that was read. */
  image: Image | undefined;
  /** Why the last image could not be read. */
  obstacle: string | undefined;

  /** @param environment variables that count in the view beside the caller's */
  constructor(
    inside: Inside,
    plan: BuildPlan,
    talk: Hearer,
    interruption: Interruption,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#inside = inside;
    this.#plan = plan;
    this.#environment = environment;
    this.#talk = talk;
    this.#interruption = interruption;
    this.#targets = inside.status.targets;
    this.hasSysroot = inside.status.sysroot !== undefined;
  }

  /** Builds in what the ebuild declares. */
  async first(): Promise<void> {
    if (this.#plan.compare && this.#plan.image !== undefined)
      this.#before = new Set(filesBelow(this.#plan.image));
    const start = Date.now();
    const { apart = false, compare, command, show } = this.#plan;
    const isRead = compare || apart;
    const environment = {
      ...(apart && command === undefined ? await this.#apart() : {}),
      ...(isRead && command === undefined ? this.#keptWork() : {}),
    };
    await this.#run(environment, show);
    this.#plan.onFirst?.(this.status);
    if (!isRead || this.status !== 0 || this.#interruption.signal.aborted) return;
    const packages = apart ? join(await this.#makeScratch(), packagesName) : await this.#directory('PKGDIR');
    this.#image = await this.#read(packages, start);
    this.#settings = await this.#takeSettings();
  }

  /** The logs that emerge has left of the first build when it did not get to its end, without those of earlier ones. */
  async logs(since: Date): Promise<string[]> {
    const directory = this.#plan.command === undefined ? await this.#directory('PORTAGE_TMPDIR') : undefined;
    if (directory === undefined) return [];
    return this.#targets
      .map((cpv) => join(directory, 'portage', cpv, 'temp/build.log'))
      .filter((log) => {
        const found = statSync(log, { throwIfNoEntry: false });
        return found !== undefined && found.mtime >= since;
      });
  }

  /** Hidden packages that could be shown, but for those that the configuration ignores. */
  async hidden(report: Report): Promise<PackageId[]> {
    const { hidden } = await this.#inside.view.request('packages');
    const ignored = new Set(report.ignored.map(({ cpv }) => cpv));
    const all = hidden.filter((cpv) => !ignored.has(cpv));
    this.#hidden = new Set(all);
    return all;
  }

  /** Hidden packages that are shown with one because it needs them to run. */
  async needsOf(cpv: PackageId): Promise<PackageId[]> {
    const { packages } = await this.#inside.view.request('needs', { package: cpv });
    return packages.filter((one) => this.#hidden.has(one));
  }

  /** From now on there is so much time for builds, in minutes. */
  limit(minutes: number): void {
    this.#deadline = performance.now() + minutes * 60_000;
  }

  /** Why there were no more builds. */
  get end(): 'time' | 'interrupted' | 'builds' {
    if (this.#interruption.signal.aborted) return 'interrupted';
    return this.#isLate ? 'time' : 'builds';
  }

  /** Builds again to see whether that succeeds. What the first build left is kept. */
  failing(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    return this.#remembered('failing', shown, () => this.#failing(shown));
  }

  /** Builds again to see what that makes. */
  comparing(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    return this.#remembered('comparing', shown, () => this.#comparing(shown));
  }

  /** What an earlier call has built is not built again. */
  async #remembered(
    what: 'failing' | 'comparing',
    shown: readonly PackageId[],
    make: () => Promise<BuildResult | undefined>,
  ): Promise<BuildResult | undefined> {
    const { memory, onTrial } = this.#plan;
    const key = trialKey(what, shown);
    const known = memory?.get(key);
    if (known !== undefined) {
      this.status = known.status;
      this.image = undefined;
      this.#keep(known.used, known.missing);
      onTrial?.(describe(shown, this.#hidden.size), known.status, 0, true);
      return recalledResult(known.result);
    }
    this.#noted = { used: [], missing: [] };
    const result = await make();
    if (result !== undefined)
      memory?.set(key, { status: this.status, result: plainResult(result), ...this.#noted });
    return result;
  }

  async #failing(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    const scratch = await this.#makeScratch();
    if (!(await this.#trial(shown, { PORTAGE_TMPDIR: this.#inSide(scratch) }))) return undefined;
    const { used, report } = await this.#note();
    if (this.status === 0) return { built: true, used };
    const { failureSigns } = await import('../../audit/index.js');
    return {
      built: false,
      used,
      failure: failureSigns(await this.#inside.view.request('output')),
      suspects: suspectsOf(report).filter((cpv) => this.#hidden.has(cpv)),
    };
  }

  async #comparing(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    const scratch = await this.#makeScratch();
    const packages = join(scratch, packagesName);
    rmSync(packages, { recursive: true, force: true });
    this.#removeNew();
    const start = Date.now();
    if (!(await this.#trial(shown, this.#keptWork()))) return undefined;
    const settings = this.status === 0 ? await this.#takeSettings() : undefined;
    const { used } = await this.#note();
    if (this.status !== 0) return { built: false, used };
    const first = this.#image;
    const image = await this.#read(packages, start);
    if (first === undefined || image === undefined) return { built: true, used };
    const { imageFacts, isMereContent } = await import('../../audit/index.js');
    const facts = imageFacts(first, image);
    // In a directory that is not said to hold the result alone, content changes for many reasons.
    if (!this.canTellApart)
      for (const subject of facts.keys()) if (isMereContent(subject)) facts.delete(subject);
    return { built: true, used, facts, settings: await this.#changesOf(settings, shown.length === 0) };
  }

  /** What a build found out otherwise than the first; what does without anything being shown is noted, and told of no other. */
  async #changesOf(
    settings: BuildSettings | undefined,
    isControl: boolean,
  ): Promise<readonly SettingChange[]> {
    if (this.#settings === undefined || settings === undefined) return [];
    const { compareSettings } = await import('../../audit/index.js');
    const keyOf = ({ file, name }: SettingChange): string => `${file}\0${name}`;
    const changes = compareSettings(this.#settings, settings);
    if (isControl) for (const change of changes) this.#unsteady.add(keyOf(change));
    return changes.filter((change) => !this.#unsteady.has(keyOf(change)));
  }

  /** Reads what a build that succeeded has found out, from where it was made, and cleans up as emerge would have. */
  async #takeSettings(): Promise<BuildSettings | undefined> {
    const { readSettings } = await import('../../audit/index.js');
    if (this.#plan.command !== undefined)
      return process.cwd() === '/' ? undefined : readSettings(process.cwd());
    const directory = await this.#directory('PORTAGE_TMPDIR');
    if (directory === undefined) return undefined;
    const features = await this.#inside.view.request('features');
    const isLeft = features.some((feature) => /^(?:noclean|keepwork|keeptemp)$/.test(feature));
    const places = this.#targets.map((cpv) => join(directory, 'portage', cpv));
    const all = places.flatMap((place) => {
      const settings = [...readSettings(join(place, 'work'))];
      if (!isLeft) rmSync(place, { recursive: true, force: true });
      return settings;
    });
    return new Map(all);
  }

  /** Whether what one build made can be told from what another left: where it lies is known. */
  get canTellApart(): boolean {
    return this.#plan.command === undefined || this.#plan.image !== undefined;
  }

  /** The first build's result; undefined when it could not be read. */
  get firstImage(): Image | undefined {
    return this.#image;
  }

  /** Whether each build starts from nothing. */
  get startsAnew(): boolean {
    return this.#plan.command === undefined;
  }

  /** Removes what was made only to be looked at. */
  [Symbol.dispose](): void {
    if (this.#scratch !== undefined) rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** @returns false when there is no result: there was no time for it, or the user wants no more */
  async #trial(shown: readonly PackageId[], environment: Record<string, string>): Promise<boolean> {
    if (this.#interruption.signal.aborted) return false;
    const left = this.#deadline - performance.now();
    if (left <= 0) {
      this.#isLate = true;
      return false;
    }
    if (this.#made >= (this.#plan.mostBuilds ?? Number.POSITIVE_INFINITY)) return false;
    this.#made++;
    const start = performance.now();
    const apart = await this.#apart();
    await this.#inside.view.request('besides', { packages: shown });
    const what = describe(shown, this.#hidden.size);
    this.#talk.progress(`building again with ${what}`);
    const timers = [
      setTimeout(
        () => {
          this.#isLate = true;
          this.#inside.signal('SIGTERM');
          timers.push(setTimeout(() => this.#inside.signal('SIGKILL'), patience));
        },
        Math.min(left, 0x7fffffff),
      ),
    ];
    try {
      await this.#run(this.#plan.command === undefined ? { ...apart, ...environment } : {}, false);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#talk.progress('');
    }
    // A build that was ended from outside has shown nothing.
    if (this.#isLate || this.#interruption.signal.aborted) return false;
    this.#talk.log('info', `with ${what} the build ${this.status === 0 ? 'succeeds' : 'fails'}`);
    this.#plan.onTrial?.(what, this.status, Math.round((performance.now() - start) / 100) / 10, false);
    return true;
  }

  async #run(environment: Record<string, string>, show: boolean): Promise<void> {
    const { command, color = false } = this.#plan;
    const argv =
      command === undefined
        ? [
            ...['emerge', '--ask=n', '--oneshot', '--buildpkgonly', '--quiet-build=n'],
            ...(show && color ? ['--color=y'] : []),
            ...this.#targets.map((cpv) => `=${cpv}`),
          ]
        : ['/bin/sh', '-c', command];
    this.status = statusOf(await this.#inside.run({ argv, capture: true, show, environment }));
  }

  /** Notes what hidden packages are used, and what is said of them. */
  async #note(): Promise<{ used: PackageId[]; report: Report }> {
    const { used } = await this.#inside.view.request('packages');
    const known = used.filter(({ cpv }) => this.#hidden.has(cpv));
    const { ignore, habitsOff } = this.#plan;
    const order = { ignore, habitsOff, captured: true, status: this.status };
    const { report } = await this.#inside.view.request('report', order);
    this.#noted = { used: known, missing: report.missing };
    this.#keep(known, report.missing);
    return { used: known.map(({ cpv }) => cpv), report };
  }

  #keep(used: readonly UsedPackage[], missing: readonly Missing[]): void {
    for (const one of used) this.used.set(one.cpv, one);
    for (const one of missing) {
      // How a package was used when it was shown tells more than how it was looked for.
      if (one.certainty === 'allowed' || !this.reported.has(one.cpv)) this.reported.set(one.cpv, one);
    }
  }

  /** @param packages host path of PKGDIR */
  async #read(packages: string | undefined, since: number): Promise<Image | undefined> {
    this.image = undefined;
    try {
      const { readBinaryPackage, readImage } = await import('../../audit/index.js');
      if (this.#plan.command !== undefined) {
        const directory = resolve(this.#plan.image ?? '.');
        if (!existsSync(directory))
          throw new LvfsError('NO_IMAGE', `${directory}: the build left nothing there`);
        this.image = readImage(directory);
      } else {
        const images: Image[] = [];
        for (const cpv of this.#targets)
          images.push(await readBinaryPackage(findBinaryPackage(packages ?? '', cpv, since)));
        this.image = new Map(images.flatMap((image) => [...image]));
      }
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      this.obstacle = error.message;
    }
    return this.image;
  }

  async #directory(variable: string): Promise<string | undefined> {
    return (await this.#inside.view.request('directory', { variable })) ?? undefined;
  }

  /** Made where Portage builds, which the view shows as it is on the host, and has room. */
  async #makeScratch(): Promise<string> {
    if (this.#scratch === undefined) {
      const directory =
        this.#plan.command === undefined ? await this.#directory('PORTAGE_TMPDIR') : undefined;
      const parent = directory !== undefined && existsSync(directory) ? directory : this.#atHost('/tmp');
      this.#scratch = mkdtempSync(join(parent, 'lvfs-proof-'));
      // Portage builds as another user.
      chmodSync(this.#scratch, 0o755);
    }
    return this.#scratch;
  }

  /** What is made only to be looked at is told to nobody, and takes nobody's place. */
  async #apart(): Promise<Record<string, string>> {
    const scratch = await this.#makeScratch();
    return {
      PKGDIR: this.#inSide(scratch, packagesName),
      PORTAGE_LOGDIR: this.#inSide(scratch, 'logs'),
      PORTAGE_ELOG_SYSTEM: '',
    };
  }

  /** Has emerge leave its work where it was made, so that what the build has found out can be read. */
  #keptWork(): Record<string, string> {
    const features = this.#environment['FEATURES'] ?? process.env['FEATURES'] ?? '';
    return { FEATURES: `${features} noclean`.trim() };
  }

  #atHost(inside: string): string {
    return join(this.#inside.status.root, inside);
  }

  #inSide(host: string, ...names: string[]): string {
    return join('/', relative(this.#inside.status.root, host), ...names);
  }

  /** Takes away what builds before made new in the directory of the result, so that it is not taken for what the next makes. */
  #removeNew(): void {
    const { command, image } = this.#plan;
    if (command === undefined || image === undefined) return;
    for (const path of filesBelow(image))
      if (!this.#before.has(path)) rmSync(Buffer.from(path, 'latin1'), { recursive: true, force: true });
  }
}

/** Packages that a failed build's own words, or the way it ended, name, the likeliest first. */
export function suspectsOf(report: Report): PackageId[] {
  return report.missing.filter(({ certainty }) => certainty === 'needed').map(({ cpv }) => cpv);
}

/** Packages that were refused or left out, the likeliest first. */
export function candidatesOf(report: Report): PackageId[] {
  return report.missing.filter(({ certainty }) => certainty !== 'allowed').map(({ cpv }) => cpv);
}

function describe(shown: readonly PackageId[], all: number): string {
  if (shown.length === 0) return 'nothing more';
  if (shown.length === all) return 'all that is installed';
  const names = shown.slice(0, 5).map(packageName).join(' ');
  return shown.length > 5 ? `${names} and ${shown.length - 5} more` : names;
}

/**
 * The binary package that was made of a version last.
 *
 * @throws LvfsError NO_IMAGE when none was made
 */
function findBinaryPackage(directory: string, cpv: string, since: number): string {
  const [category = '', pf = ''] = cpv.split('/');
  const [, pn = ''] = packageName(cpv).split('/');
  const places = [join(directory, category), join(directory, category, pn), join(directory, 'All')];
  const isOne = (name: string): boolean =>
    name.startsWith(pf) && /^(-\d+)?\.(gpkg\.tar|tbz2|xpak)$/.test(name.slice(pf.length));
  const found = places
    .filter((place) => existsSync(place))
    .flatMap((place) =>
      readdirSync(place)
        .filter(isOne)
        .map((name) => join(place, name)),
    )
    .map((path) => ({ path, time: lstatSync(path).ctimeMs }))
    // The clock of a filesystem may be a tick behind.
    .filter(({ time }) => time >= since - 50)
    .sort((a, b) => b.time - a.time);
  const [newest] = found;
  if (newest === undefined)
    throw new LvfsError('NO_IMAGE', `${directory}: no binary package of ${cpv} was made there`);
  return newest.path;
}

/** Every path below a directory, one character a byte; none when it is not there. */
function filesBelow(directory: string): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(Buffer.from(path, 'latin1'), {
      encoding: 'latin1',
      withFileTypes: true,
    })) {
      const child = `${path}/${entry.name}`;
      found.push(child);
      if (entry.isDirectory()) walk(child);
    }
  };
  const top = Buffer.from(resolve(directory)).toString('latin1');
  if (existsSync(directory)) walk(top);
  return found;
}
