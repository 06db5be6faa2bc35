/** A system with a sysroot in it, as crossdev makes one: for tests. */
import { gentooRoot, type GentooRoot, type GentooRootSpec } from './gentooRoot.js';

/** The CHOST of the sysroot. */
export const chost = 'aarch64-unknown-linux-gnu';

/** What was built. */
export interface CrossRoot {
  /** The system with the tools; its repository has the ebuilds. */
  host: GentooRoot;
  /** The sysroot, with its own database, configuration and profile. */
  target: GentooRoot;
  /** The sysroot as a path inside the host. */
  sysroot: string;
  cleanup: () => void;
}

/** Builds both: `target` in a directory of `host`, which must have it; default `/usr`. */
export async function crossRoot(spec: {
  host: GentooRootSpec;
  target: GentooRootSpec;
  place?: string;
}): Promise<CrossRoot> {
  const host = await gentooRoot(spec.host);
  const target = await gentooRoot({
    makeConf: `CHOST="${chost}"\nPKGDIR="\${ROOT}var/cache/binpkgs/"\n`,
    ...spec.target,
    parent: host.path(spec.place ?? '/usr'),
  });
  return { host, target, sysroot: target.root.slice(host.root.length), cleanup: host.cleanup };
}
