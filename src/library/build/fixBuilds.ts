/** The builds that a fix takes: each in a view of its own that differs from what the ebuild declares in what is to be tried. */
import { exitStatus, LvfsError } from '../../base/index.js';
import type { Builder, Built, Purpose, Variant } from '../../author/index.js';
import type { InsideRequest } from '../../daemon/index.js';
import { literalGlob } from '../../view/index.js';
import { build, type BuildOutcome } from './building.js';
import type { FixState } from './fixState.js';
import type { Hearer } from '../mounting.js';
import { withFeature } from '../private.js';
import type { Interruption } from './interruption.js';
import type { BuildPlan } from './trials.js';

/** A build that was made. */
export interface FixStep {
  readonly what: string;
  readonly end: Built['end'];
  readonly seconds: number;
  /** It was made by an earlier call. */
  readonly known: boolean;
}

/** How long and how often may be built. */
export interface Limits {
  readonly builds: number;
  /** On the clock of performance.now(). */
  readonly deadline: number;
}

/** Who hears of builds. */
export interface FixTalk extends Hearer {
  readonly onStep: (step: FixStep) => void;
}

/** Builds variants, tells of each, and remembers them. */
export class FixBuilds {
  readonly steps: FixStep[] = [];
  readonly #request: InsideRequest;
  readonly #plan: Pick<BuildPlan, 'ignore' | 'habitsOff' | 'show'>;
  readonly #limits: Limits;
  readonly #state: FixState;
  readonly #talk: FixTalk;
  readonly #interruption: Interruption;
  #count = 0;
  #isLimited = false;

  constructor(
    request: InsideRequest,
    plan: Pick<BuildPlan, 'ignore' | 'habitsOff' | 'show'>,
    limits: Limits,
    state: FixState,
    talk: FixTalk,
    interruption: Interruption,
  ) {
    this.#request = request;
    this.#plan = plan;
    this.#limits = limits;
    this.#state = state;
    this.#talk = talk;
    this.#interruption = interruption;
  }

  /** Builds made by this call. */
  get count(): number {
    return this.#count;
  }

  /** Whether a limit kept something from being built. */
  get isLimited(): boolean {
    return this.#isLimited;
  }

  /** See {@link Builder}. */
  readonly build: Builder = async (variant, purpose) => {
    const known = this.#known(variant, purpose);
    if (known !== undefined) {
      this.#tell({ what: purpose.why, end: known.end, seconds: 0, known: true });
      return known;
    }
    if (this.#interruption.signal.aborted) return undefined;
    const { builds, deadline } = this.#limits;
    const left = builds - this.#count;
    const minutes = (deadline - performance.now()) / 60_000;
    if (left <= 0 || minutes <= 0) {
      this.#isLimited = true;
      return undefined;
    }
    this.#talk.progress(`building ${purpose.why}`);
    this.#count++;
    const start = performance.now();
    const built = await this.#make(variant, purpose, left - 1, minutes, start);
    this.#talk.progress('');
    if (this.#interruption.signal.aborted) return undefined;
    if (built === undefined || built.isCut) return built?.built;
    this.#state.set(keyOf(variant, purpose), built.built);
    return built.built;
  };

  /** What an earlier build has shown that was asked for the same or more. */
  #known(variant: Variant, purpose: Purpose): Built | undefined {
    for (const prove of purpose.prove ? [true] : [false, true])
      for (const compare of purpose.compare ? [true] : [false, true]) {
        const known = this.#state.get(keyOf(variant, { prove, compare }));
        if (known !== undefined) return known;
      }
    return undefined;
  }

  async #make(
    variant: Variant,
    purpose: Purpose,
    mostBuilds: number,
    minutes: number,
    start: number,
  ): Promise<{ readonly built: Built; readonly isCut: boolean } | undefined> {
    const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
    let isTold = false;
    const tellFirst = (end: Built['end']): void => {
      if (!isTold && !this.#interruption.signal.aborted)
        this.#tell({ what: purpose.why, end, seconds: seconds(), known: false });
      isTold = true;
    };
    const plan: BuildPlan = {
      ...this.#plan,
      command: undefined,
      image: undefined,
      html: false,
      apart: true,
      prove: purpose.prove,
      compare: purpose.compare,
      proofTime: minutes,
      mostBuilds,
      onFirst: (status) => tellFirst(status === 0 ? 'built' : 'failed'),
      onTrial: (what, status, time, known) => {
        if (this.#interruption.signal.aborted) return;
        if (!known) this.#count++;
        this.#tell({
          what: `… and with ${what}`,
          end: status === 0 ? 'built' : 'failed',
          seconds: time,
          known,
        });
      },
      memory: this.#state.trialsOf(keyOf(variant, purpose)),
    };
    try {
      const outcome = await build(this.#requestFor(variant), plan, this.#talk, this.#interruption);
      if (outcome.interrupted) return undefined;
      if (outcome.image === undefined && outcome.status === 0)
        throw new LvfsError('NO_IMAGE', `${outcome.targets.join(' ')}: what was built cannot be read`);
      // What more builds would have shown is not known for good.
      const isCut = outcome.proof?.end !== undefined || outcome.comparison?.end !== undefined;
      this.#isLimited ||= isCut;
      return { built: { ...builtOf(outcome), ...(isCut ? { isOpen: true } : {}) }, isCut };
    } catch (error) {
      const isAboutFlags = Object.keys(variant.flags).length > 0 && isImpossible(error);
      if (!isAboutFlags) throw error;
      tellFirst('impossible');
      // Nothing was built.
      this.#count--;
      return { built: impossible, isCut: false };
    }
  }

  #requestFor({ shown, hidden, flags, paths = [] }: Variant): InsideRequest {
    const { set, environment = {} } = this.#request;
    const words = flagWords(flags);
    const use = [process.env['USE'] ?? '', ...words].join(' ').trim();
    // An ebuild that has no such flag is tested whatever USE says.
    const isUntested = flags['test'] === false;
    return {
      ...this.#request,
      set: {
        ...set,
        ...(isUntested ? { test: false } : {}),
        with: [...(set.with ?? []), ...shown.map((cpv) => `=${cpv}`)],
        without: [...(set.without ?? []), ...hidden.map((cpv) => `=${cpv}`)],
      },
      hide: [...this.#request.hide, ...paths.map(literalGlob)],
      environment: {
        ...environment,
        ...(words.length === 0 ? {} : { USE: use }),
        ...(isUntested ? { FEATURES: withFeature('-test', environment['FEATURES']) } : {}),
      },
    };
  }

  #tell(step: FixStep): void {
    this.steps.push(step);
    this.#talk.onStep(step);
  }
}

const impossible: Built = {
  end: 'impossible',
  report: {
    ...{ missing: [], secondHand: [], unused: [], implicit: [], alternatives: [], unowned: [] },
    ...{ hiddenByUser: [], dismissed: [], ignored: [] },
  },
};

/** Whether flags are the reason: what they ask for is not there, or they contradict one another. */
function isImpossible(error: unknown): boolean {
  if (!(error instanceof LvfsError)) return false;
  return error.code === 'REQUIRED_USE' || error.exit === exitStatus.notInstalled;
}

function builtOf({ status, report, image, proof, comparison }: BuildOutcome): Built {
  return {
    end: status === 0 ? 'built' : 'failed',
    report,
    ...(image === undefined ? {} : { image }),
    ...(proof === undefined ? {} : { lacks: { outcome: proof.outcome, packages: proof.packages } }),
    ...(comparison === undefined ? {} : { automagic: comparison.automagic }),
  };
}

function keyOf(
  { shown, hidden, flags, paths = [] }: Variant,
  { prove, compare }: Pick<Purpose, 'prove' | 'compare'>,
): string {
  return JSON.stringify([
    [...shown].sort(),
    [...hidden].sort(),
    flagWords(flags).sort(),
    [...paths].sort(),
    prove,
    compare,
  ]);
}

/** Flags as USE has them. */
function flagWords(flags: Variant['flags']): string[] {
  return Object.entries(flags).map(([flag, state]) => (state ? flag : `-${flag}`));
}
