/**
 * Writes docs/schemas: a JSON Schema (2020-12) for the output of each verb with --json, each complete in itself. docs/json.md says what
 * the fields mean; a test validates what the verbs print, with no field allowed that is not here.
 *
 * `node .ci/schemas.js` writes them; `node .ci/schemas.js --check` fails when they are not as they would be written.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = 'docs/schemas';
/** The `schemaVersion` of what is described. */
const version = 1;

const text = { type: 'string' };
const flag = { type: 'boolean' };
const yes = { const: true };
const integer = { type: 'integer' };
const count = { type: 'integer', minimum: 0 };
const number = { type: 'number' };
const time = { type: 'string', format: 'date-time' };
const nothing = { type: 'null' };
const list = (items) => ({ type: 'array', items });
const words = (...values) => ({ enum: values });
const either = (...of) => ({ anyOf: of });
const map = (values) => ({ type: 'object', additionalProperties: values });
const ref = (name) => ({ $ref: `#/$defs/${name}` });
/** An object; a name that ends in `?` may be absent. */
const object = (fields) => {
  const names = Object.keys(fields);
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ''), fields[name]])),
    required: names.filter((name) => !name.endsWith('?')),
  };
};
/** What is printed: an object that says its version. */
const answer = (fields) => object({ schemaVersion: { const: version }, ...fields });

const cpv = ref('cpv');
const cpvs = list(cpv);
const paths = list(text);
const texts = list(text);

/** Parts that several verbs have; only those that a schema names are put into it. */
const definitions = {
  cpv: { type: 'string', pattern: '^[^/]+/[^/]+$', description: 'category/name-version' },
  failure: answer({ error: ref('error') }),
  holder: object({
    pid: integer,
    comm: text,
    use: words('cwd', 'root', 'exe', 'file', 'map', 'namespace', 'wait'),
  }),
  error: object({
    code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
    message: text,
    exitStatus: count,
    'hint?': text,
    'unsatisfied?': list(ref('unsatisfied')),
    'target?': text,
    'holders?': list(ref('holder')),
    'candidates?': texts,
    'atom?': text,
    'offset?': count,
    'file?': text,
    'line?': count,
    'cpv?': text,
    'repository?': text,
    'said?': text,
    'variable?': text,
    'set?': text,
    'class?': text,
    'known?': texts,
    'masked?': {},
    'invalid?': {},
    'unmet?': {},
  }),
  unsatisfied: object({ variable: text, atom: text, 'target?': cpv, 'root?': text }),
  target: object({ cpv, repository: text, use: texts }),
  reason: object({ from: text, variable: text, atom: text, 'alternative?': yes }),
  link: object({ cpv, from: text, variable: text, atom: text, 'alternative?': yes }),
  explanation: object({
    path: text,
    canonical: text,
    exists: flag,
    visible: either(flag, nothing),
    rule: either(
      words(
        ...['hide', 'show', 'owned', 'hidden-owner', 'ancestor', 'symlink', 'cache', 'system', 'unowned'],
        'absent',
      ),
      nothing,
    ),
    detail: text,
    owners: cpvs,
    chain: list(ref('link')),
  }),
  mount: object({
    mountpoint: text,
    pid: integer,
    state: words('serving', 'detached', 'unmounting', 'stale', 'stuck', 'failed'),
    driver: text,
    targets: texts,
    packages: either(count, nothing),
    paths: either(count, nothing),
    denials: either(count, nothing),
    since: time,
    root: text,
    'sysroot?': text,
    'elsewhere?': yes,
    log: text,
    'failure?': text,
    'live?': object({
      requests: map(count),
      residentBytes: count,
      threads: count,
      capabilities: map(either(flag, number)),
      protocolMinor: either(count, nothing),
      changes: count,
      allowed: texts,
      denied: texts,
      missing: texts,
      problem: either(text, nothing),
    }),
  }),
  missing: object({
    cpv,
    suggest: text,
    suggestions: list(object({ suggest: text, reason: text })),
    certainty: words('needed', 'allowed', 'probed'),
    hits: count,
    paths,
    processes: texts,
    phases: texts,
    messages: texts,
    'ended?': list(object({ process: text, status: integer })),
    'proved?': flag,
    'files?': paths,
  }),
  secondHand: object({
    cpv,
    suggest: text,
    from: texts,
    use: words('direct', 'through'),
    hits: count,
    paths,
    processes: texts,
  }),
  buildFailure: object({ logs: paths, output: text }),
  proof: object({
    outcome: words('needs', 'own', 'unsteady', 'open'),
    packages: cpvs,
    builds: count,
    seconds: number,
    'end?': text,
  }),
  fileDifference: object({ path: text, onlyFirst: texts, onlySecond: texts }),
  comparison: object({
    outcome: words('same', 'differs', 'open', 'impossible'),
    'reason?': text,
    allowed: cpvs,
    'status?': integer,
    'difference?': object({
      onlyFirst: paths,
      onlySecond: paths,
      needs: list(ref('fileDifference')),
      symbols: list(ref('fileDifference')),
      changed: paths,
    }),
    automagic: list(
      object({
        packages: cpvs,
        files: paths,
        settings: list(
          object({
            file: text,
            name: text,
            without: either(text, nothing),
            with: either(text, nothing),
          }),
        ),
      }),
    ),
    unsteady: paths,
    unexplained: paths,
    builds: count,
    seconds: number,
    'end?': text,
  }),
  change: object({ shown: cpvs, hidden: cpvs, paths }),
  state: words('ok', 'warn', 'fail'),
};

/** The findings of `lvfs report`. */
const findings = {
  missing: list(ref('missing')),
  secondHand: list(ref('secondHand')),
  unused: list(object({ atom: text, cpv, variable: text })),
  implicit: list(object({ cpv, hits: count, paths })),
  alternatives: list(object({ cpv, variable: text, atom: text, hits: count, paths })),
  unowned: list(object({ path: text, hits: count, processes: texts })),
  hiddenByUser: list(object({ cpv, variable: text, atom: text, paths })),
  dismissed: list(object({ cpv, reason: text, paths, processes: texts })),
  ignored: list(object({ cpv, path: text, reason: text })),
  'ruledOut?': list(object({ cpv, suggest: text })),
};

/** What is known of a build. */
const build = {
  version: text,
  targets: texts,
  status: integer,
  seconds: number,
  started: time,
  ended: time,
  ...findings,
  'interrupted?': yes,
  'proof?': ref('proof'),
  'comparison?': ref('comparison'),
  'failure?': ref('buildFailure'),
};

const verdict = words('clean', 'undeclared', 'failed', 'error');
const verdictWords = {
  finding: words(
    ...['fails-without', 'own-failure', 'unsteady', 'failed', 'automagic', 'builds-without', 'second-hand'],
    ...['not-compared', 'clean'],
  ),
  packages: cpvs,
  says: text,
  findings: texts,
};
const files = object({ 'page?': text, log: text, json: text });
const optional = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, is]) => [`${name.replace(/\?$/, '')}?`, is]));

/** A line of a journal, and what is taken over from one. */
const journalLine = {
  target: text,
  verdict,
  says: text,
  findings: texts,
  targets: texts,
  details: texts,
  'known?': yes,
  'seconds?': number,
  'started?': time,
  'ended?': time,
  'failure?': ref('buildFailure'),
  'error?': object({ code: text, message: text, 'hint?': text }),
  'files?': files,
};

const addition = object({
  cpv,
  variable: text,
  atoms: list(object({ atom: text, reason: text })),
  kind: words('needed', 'automagic', 'second-hand'),
  'condition?': text,
  isConditionKnown: flag,
  untold: texts,
  linked: flag,
  proved: flag,
  paths,
  messages: texts,
  files: paths,
  from: texts,
});

/** What each verb prints, in one of these forms, or else the failure. */
const verbs = {
  deps: [
    answer({
      target: either(ref('target'), nothing),
      targets: list(ref('target')),
      buildDeps: cpvs,
      visible: list(
        object({ cpv, because: list(ref('reason')), 'files?': count, 'bytes?': either(count, nothing) }),
      ),
      metadataOnly: cpvs,
      unsatisfied: list(ref('unsatisfied')),
      'sysroot?': text,
    }),
    answer({ targets: cpvs, why: list(object({ cpv, chains: list(list(ref('link'))) })) }),
    answer({
      targets: cpvs,
      tree: list(object({ depth: count, name: text, 'variable?': text, 'atom?': text, 'again?': flag })),
    }),
    answer({ targets: cpvs, dot: text }),
    answer({ targets: cpvs, others: cpvs, onlyHere: cpvs, onlyThere: cpvs, common: count }),
  ],
  why: [
    answer(
      Object.fromEntries(Object.entries(definitions.explanation.properties).map(([name, is]) => [name, is])),
    ),
    answer({ paths: list(ref('explanation')) }),
  ],
  mount: [answer({ mounts: list(ref('mount')) })],
  status: [answer({ mounts: list(ref('mount')) })],
  umount: [
    answer({
      unmounted: paths,
      failed: list(object({ mountpoint: text, error: ref('error') })),
      ended: list(
        object({
          mountpoint: text,
          holders: list(ref('holder')),
          daemon: words('ended', 'killed', 'dead'),
        }),
      ),
    }),
  ],
  paths: [
    answer({
      paths: list(
        object({
          path: text,
          kind: words('tree', 'directory', 'private', 'beside', 'filtered'),
          packages: texts,
          reason: text,
          compiled: either(object({ treatment: words('filtered', 'made', 'left-out'), says: text }), nothing),
        }),
      ),
    }),
  ],
  config: [
    answer({
      files: paths,
      settings: map(object({ value: {}, origins: texts })),
      systemPaths: list({ type: 'object' }),
      ignore: list({ type: 'object' }),
      habits: list(object({ name: text, by: text, names: texts, reason: text, on: flag })),
    }),
  ],
  index: [
    answer({
      file: text,
      bytes: either(count, nothing),
      origin: words('saved', 'updated', 'built'),
      packages: count,
      nodes: count,
      root: text,
      database: text,
      'sysroot?': text,
      milliseconds: number,
      current: flag,
    }),
  ],
  log: [
    answer({
      time,
      path: text,
      owners: cpvs,
      operation: words('exec', 'open', 'stat', 'access', 'readlink', 'list', 'read', 'lookup'),
      pid: integer,
      comm: text,
      cmdline: text,
      phase: text,
      package: text,
      count,
      'visible?': yes,
    }),
  ],
  report: [
    answer({
      version: text,
      mountpoint: text,
      targets: texts,
      state: text,
      status: nothing,
      started: time,
      ended: time,
      ...findings,
    }),
    answer({ mountpoint: text, targets: texts, package: text, why: texts }),
  ],
  build: [answer({ ...build, 'next?': object({ shell: text, 'build?': text, ebuild: texts }) })],
  check: [
    answer({
      target: text,
      verdict,
      'known?': yes,
      ...optional(verdictWords),
      ...optional(build),
      findings: texts,
      'details?': texts,
      'error?': ref('error'),
      'files?': files,
    }),
    answer(journalLine),
  ],
  // Not printed: the lines of journal.jsonl below --results.
  'check-journal': [answer(journalLine), answer({ version: text, 'shard?': text, targets: texts })],
  fix: [
    answer({
      target: cpv,
      ebuild: text,
      outcome: words('done', 'own', 'unsteady', 'open'),
      builds: count,
      additions: list(addition),
      withdrawals: list(object({ cpv, variable: text, atom: text })),
      open: texts,
      message: text,
      patch: text,
      steps: list(
        object({ what: text, end: words('built', 'failed', 'impossible'), seconds: number, known: flag }),
      ),
    }),
    answer({ target: cpv, ebuild: text, builds: count, steps: texts }),
  ],
  // Not printed: /var/log/lvfs/CATEGORY/PF.json, and the lines of --lvfs-json.
  emerge: [
    answer({
      'target?': text,
      verdict: words('clean', 'undeclared', 'failed', 'interrupted', 'error'),
      says: text,
      ...optional({ ...verdictWords, ...build, says: text }),
      'phase?': text,
      'mode?': words('enforce', 'report'),
    }),
  ],
  retarget: [answer({ targets: cpvs, shown: cpvs, hidden: cpvs })],
  allow: [answer({ shown: cpvs, hidden: cpvs, paths })],
  deny: [answer({ shown: cpvs, hidden: cpvs, paths })],
  doctor: [
    answer({
      'mended?': list(object({ name: text, command: text, reason: text, 'done?': flag, 'error?': text })),
      ready: flag,
      checks: list(object({ name: text, state: ref('state'), found: text, 'remedy?': text })),
      users: list(
        object({
          way: words('user namespace', 'fusermount'),
          commands: texts,
          open: flag,
          obstacles: list(object({ found: text, remedy: text })),
        }),
      ),
    }),
  ],
  version: [answer({ version: text })],
  // `run` and `shell` print what the command in them prints; what is lvfs's own is the failure.
  run: [],
  shell: [],
};

/** The definitions that something names, with those that they name. */
function named(value, found = new Map()) {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
    if (found.has(name)) continue;
    found.set(name, definitions[name]);
    named(definitions[name], found);
  }
  return found;
}

const check = process.argv.includes('--check');
mkdirSync(directory, { recursive: true });
const stale = new Set(readdirSync(directory));
const wrong = [];
for (const [verb, forms] of Object.entries(verbs)) {
  const all = [...forms, ref('failure')];
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:lvfs:json:${version}:${verb}`,
    title: `lvfs ${verb}: version ${version} of its JSON`,
    anyOf: all,
    $defs: Object.fromEntries([...named(all)].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const name = `${verb}.json`;
  const file = join(directory, name);
  const body = `${JSON.stringify(schema, undefined, 1)}\n`;
  if (check) {
    if (!stale.has(name) || readFileSync(file, 'utf8') !== body) wrong.push(file);
  } else writeFileSync(file, body);
  stale.delete(name);
}
for (const name of stale) wrong.push(join(directory, name));
if (wrong.length > 0) {
  process.stderr.write(`not as .ci/schemas.js has it: ${wrong.join(' ')}\n`);
  process.exitCode = 1;
}
