/** `lvfs emerge` and `lvfs ebuild` with real Portage. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { inGentoo, whyNoPortage, type TestEbuild } from '../helpers/realPortage.js';
import { removeTree } from '../helpers/removeTree.js';

const reason = whyNoPortage();
const realTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const ebuilds: Readonly<Record<string, TestEbuild>> = {
  // Installs a header, which is all that b needs.
  'lt/a-1': { body: 'src_install() { echo "#define A 1" > a.h; insinto /usr/include; doins a.h; }' },
  // Tells what a phase is started with.
  'lt/b-1': {
    variables: { DEPEND: 'lt/a', IUSE: 'test', RESTRICT: '!test? ( test )' },
    body: [
      'src_compile() {',
      "  printf '#include <a.h>\\nint main(void){return A-1;}\\n' > b.c",
      '  gcc b.c -o b || die',
      '  echo "facts user=$(id -un) umask=$(umask) fds=$(ls /proc/$$/fd | tr "\\n" ,) init=$(tr "\\0" " " < /proc/1/cmdline | cut -d" " -f2)"',
      '  echo "network $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " | tr "\\n" ,)"',
      '}',
      'src_test() { ./b || die; echo "the test phase: $(test -e /usr/bin/bison && echo bison || echo no bison)"; }',
      'src_install() { dobin b; }',
      'pkg_postinst() { echo "postinst: $(test -e /usr/bin/bison && echo bison || echo no bison)"; }',
    ].join('\n'),
  },
  // Forgets a tool, and goes on.
  'lt/c-1': {
    body: 'src_compile() { yacc --version || echo "yacc: command not found"; }\nsrc_install() { insinto /usr/share/c; doins /etc/hostname; }',
  },
  // Forgets a tool, and fails.
  'lt/f-1': { body: 'src_compile() { bison --version || die "no bison"; }' },
};

/** Each emerge with its status, its verdicts in a file, and what it prints in another. */
const script = `
run() { name=$1; shift; "$@" > "$OUT/$name.out" 2>&1; echo "$name $?" >> "$OUT/statuses"; }
emerges() { name=$1; shift; run "$name" lvfs emerge --lvfs-json "$OUT/$name.json" "$@"; }
emerges jobs -1 lt/a lt/b lt/c --jobs 2
emerges pretend -pv lt/b
emerges packages -1 --buildpkgonly lt/c
emerges binary -1 --usepkgonly lt/c
FEATURES=test emerges tests -1 --lvfs-strict lt/b
emerges strict -1 --lvfs-strict lt/c
PORTAGE_ELOG_SYSTEM=save_summary PORTAGE_ELOG_CLASSES='error qa' emerges failing -1 lt/f lt/a
cp /var/tmp/portage/lt/f-1/temp/build.log "$OUT/f.log"
cp /var/log/portage/elog/summary.log "$OUT/f.messages"
LVFS_WITH=sys-devel/bison emerges resumed --resume
emerges report -1 --lvfs-mode=report --lvfs-reports "$OUT/reports" lt/f
mkdir -p /etc/portage/env
echo 'LVFS=off' > /etc/portage/env/off
echo 'lt/f off' >> /etc/portage/package.env
emerges off -1 lt/f
rm -r /etc/portage/package.env; echo 'LVFS_WITH="sys-devel/bison"' > /etc/portage/env/with; echo 'lt/f with' > /etc/portage/package.env
emerges with -1 lt/f
LVFS_MODE=loud emerges loud -1 lt/f
FEATURES=-pid-sandbox emerges nosandbox -1 lt/f
mkdir -p "$OUT/elsewhere dir" && chmod 755 "$OUT"
PORTAGE_TMPDIR="$OUT/elsewhere dir" FEATURES="keepwork ccache" emerges elsewhere -1 lt/b
run ebuild lvfs ebuild --lvfs-json "$OUT/ebuild.json" /var/db/repos/lvfs-test/lt/c/c-1.ebuild clean install
run install lvfs emerge --install
run typed bash -lc 'lvfs() { echo "lvfs $*"; }; emerge -pv lt/a; command emerge --version | cut -c1-7'
run uninstall lvfs emerge --uninstall
run gone test ! -e /etc/profile.d/lvfs-emerge.sh
find /run/lvfs -mindepth 1 > "$OUT/left"
grep -E 'fuse[.]lvfs| tmpfs lvfs |pid-ns-init' /proc/self/mountinfo >> "$OUT/left"
grep -c 'Stands in for' $(find /usr/lib/portage -name pid-ns-init) > "$OUT/covered"
cp -r /var/log/lvfs "$OUT/logs"
`;

interface Line {
  target: string;
  verdict: string;
  says: string;
  phase?: string;
  mode?: string;
  missing?: { cpv: string; suggest: string; certainty: string }[];
}

realTest(`real emerge builds each package in a view of its own${skipped}`, async (t) => {
  t.timeout(3_600_000);
  const { status, stderr, directory } = await inGentoo(ebuilds, script);
  t.teardown(() => removeTree(directory));
  t.is(status, 0, stderr);
  const text = (name: string): string =>
    existsSync(join(directory, name))
      ? stripVTControlCharacters(readFileSync(join(directory, name), 'utf8'))
      : '';
  const statuses = Object.fromEntries(
    text('statuses')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  ) as Record<string, string>;
  const lines = (name: string): Line[] =>
    text(`${name}.json`)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  const verdicts = (name: string): string[] =>
    lines(name)
      .map(({ target, verdict }) => `${target} ${verdict}`)
      .sort();
  const said = (name: string): string => text(`${name}.out`);

  t.is(statuses['jobs'], '0', said('jobs'));
  t.deepEqual(verdicts('jobs'), ['lt/a-1 clean', 'lt/b-1 clean', 'lt/c-1 undeclared']);
  const forgot = lines('jobs').find(({ target }) => target === 'lt/c-1');
  // It calls yacc, which others can be as well.
  t.like(forgot?.missing?.[0], { suggest: 'BDEPEND="app-alternatives/yacc"', certainty: 'needed' });
  t.regex(said('jobs'), /lvfs: 3 packages built in views: 2 clean, 1 undeclared\n/);

  t.is(statuses['pretend'], '0', said('pretend'));
  t.regex(said('pretend'), /\[ebuild .*lt\/b-1/);
  t.deepEqual(verdicts('pretend'), []);

  t.is(statuses['packages'], '0', said('packages'));
  t.deepEqual(verdicts('packages'), ['lt/c-1 undeclared']);
  t.is(statuses['binary'], '0', said('binary'));
  t.deepEqual(verdicts('binary'), []);

  t.is(statuses['tests'], '0', said('tests'));
  t.regex(said('tests'), /the test phase: no bison/);
  t.regex(said('tests'), /postinst: bison/);
  t.regex(
    said('tests'),
    /facts user=portage umask=0022 fds=0,1,2,\S* init=\/usr\/lib\/portage\/\S*pid-ns-init/,
  );
  t.regex(said('tests'), /network lo,\n/);
  t.is(statuses['strict'], '30', said('strict'));

  t.is(statuses['failing'], '1', said('failing'));
  t.deepEqual(verdicts('failing'), ['lt/f-1 failed']);
  t.is(lines('failing')[0]?.phase, 'compile');
  t.regex(text('f.log'), /\* lvfs: BDEPEND="sys-devel\/bison" is not declared: .*bison.*\(src_compile\)/);
  t.regex(text('f.messages'), /lvfs: BDEPEND="sys-devel\/bison" is not declared/);
  t.notRegex(text('f.log'), /Permission denied/);
  t.is(statuses['resumed'], '0', said('resumed'));
  t.deepEqual(verdicts('resumed'), ['lt/a-1 clean', 'lt/f-1 undeclared']);

  t.is(statuses['report'], '0', said('report'));
  t.like(lines('report')[0], { verdict: 'undeclared', mode: 'report' });
  t.like(lines('report')[0]?.missing?.[0], { suggest: 'BDEPEND="sys-devel/bison"', certainty: 'allowed' });
  t.true(existsSync(join(directory, 'reports/lt/f-1.html')));

  t.is(statuses['off'], '0', said('off'));
  t.deepEqual(verdicts('off'), []);
  t.is(statuses['with'], '0', said('with'));
  t.deepEqual(verdicts('with'), ['lt/f-1 undeclared']);
  t.is(statuses['loud'], '1', said('loud'));
  t.regex(
    said('loud'),
    /lvfs: no view for this package: LVFS_MODE: expected report or enforce, found 'loud'/,
  );
  t.is(statuses['nosandbox'], '1', said('nosandbox'));
  t.regex(
    said('nosandbox'),
    /^lvfs: pid-sandbox is not in FEATURES, and views need it\nhint: FEATURES="pid-sandbox"/,
  );

  t.is(statuses['elsewhere'], '0', said('elsewhere'));
  t.deepEqual(verdicts('elsewhere'), ['lt/b-1 clean']);
  t.true(existsSync(join(directory, 'elsewhere dir/portage/lt/b-1/work/b.c')));

  t.is(statuses['ebuild'], '0', said('ebuild'));
  t.deepEqual(verdicts('ebuild'), ['lt/c-1 undeclared']);

  t.is(statuses['install'], '0', said('install'));
  t.is(said('typed'), 'lvfs emerge -pv lt/a\nPortage\n');
  t.is(statuses['uninstall'], '0', said('uninstall'));
  t.is(statuses['gone'], '0');

  t.is(text('left'), '');
  t.is(text('covered'), '0\n');
  for (const name of ['a-1.html', 'b-1.json', 'c-1.json', 'f-1.html'])
    t.true(existsSync(join(directory, 'logs/lt', name)), name);
});
