/** What an ebuild becomes that declares more, or less. */
import test from 'ava';
import {
  annotate,
  declare,
  declareTests,
  withdraw,
  withSlotOperator,
  type Declaration,
} from '../../../src/author/dependencyEdit.js';

const head = `EAPI=8
DESCRIPTION="x"
SLOT="0"
KEYWORDS="amd64"
IUSE="ssl test"
`;
const tail = `
src_compile() {
	BDEPEND="not/this" emake
}
`;

/** [what is shown, the ebuild, what to declare, what it becomes] */
const cases: readonly [string, string, Declaration, string][] = [
  ['a variable that is not there', '', { variable: 'BDEPEND', atom: 'a/b' }, '\nBDEPEND="a/b"\n'],
  [
    'beside the dependencies that are there, in their order',
    '\nRDEPEND="x/y"\nBDEPEND="a/b"\n',
    { variable: 'DEPEND', atom: 'c/d' },
    '\nRDEPEND="x/y"\nDEPEND="c/d"\nBDEPEND="a/b"\n',
  ],
  [
    'before those that come later',
    '\nPDEPEND="x/y"\n',
    { variable: 'DEPEND', atom: 'c/d' },
    '\nDEPEND="c/d"\nPDEPEND="x/y"\n',
  ],
  [
    'one line, sorted',
    '\nBDEPEND="a/b c/d"\n',
    { variable: 'BDEPEND', atom: 'b/c' },
    '\nBDEPEND="a/b b/c c/d"\n',
  ],
  [
    'an unsorted line gets it at the end',
    '\nBDEPEND="c/d a/b"\n',
    { variable: 'BDEPEND', atom: 'b/c' },
    '\nBDEPEND="c/d a/b b/c"\n',
  ],
  ['single quotes', "\nBDEPEND='c/d'\n", { variable: 'BDEPEND', atom: 'b/c' }, "\nBDEPEND='b/c c/d'\n"],
  ['no quotes', '\nBDEPEND=c/d\n', { variable: 'BDEPEND', atom: 'b/c' }, '\nBDEPEND="b/c c/d"\n'],
  ['an empty value', '\nBDEPEND=""\n', { variable: 'BDEPEND', atom: 'b/c' }, '\nBDEPEND="b/c"\n'],
  [
    'an empty value over lines',
    '\nBDEPEND="\n"\n',
    { variable: 'BDEPEND', atom: 'b/c' },
    '\nBDEPEND="\n\tb/c\n"\n',
  ],
  [
    'a line that would be too long is broken',
    '\nBDEPEND="category/a-long-name-of-a-package category/b-long-name-of-a-package"\n',
    { variable: 'BDEPEND', atom: 'category/c' },
    '\nBDEPEND="\n\tcategory/a-long-name-of-a-package\n\tcategory/b-long-name-of-a-package\n\tcategory/c\n"\n',
  ],
  [
    'lines, sorted',
    '\nDEPEND="\n\ta/b\n\t>=c/d-2:0\n"\n',
    { variable: 'DEPEND', atom: 'b/c' },
    '\nDEPEND="\n\ta/b\n\tb/c\n\t>=c/d-2:0\n"\n',
  ],
  [
    'first',
    '\nDEPEND="\n\tb/c\n\tc/d\n"\n',
    { variable: 'DEPEND', atom: 'a/b' },
    '\nDEPEND="\n\ta/b\n\tb/c\n\tc/d\n"\n',
  ],
  [
    'a value that begins and ends beside its quotes',
    '\nDEPEND="b/c\n\tc/d"\n',
    { variable: 'DEPEND', atom: 'x/y' },
    '\nDEPEND="b/c\n\tc/d\n\tx/y"\n',
  ],
  [
    'first of a value that begins beside its quote',
    '\nDEPEND="b/c\n\tc/d"\n',
    { variable: 'DEPEND', atom: 'a/b' },
    '\nDEPEND="a/b\n\tb/c\n\tc/d"\n',
  ],
  [
    'before conditions and alternatives',
    '\nDEPEND="\n\ta/b\n\t|| ( x/y x/z )\n\tssl? ( d/e )\n"\n',
    { variable: 'DEPEND', atom: 'z/z' },
    '\nDEPEND="\n\ta/b\n\tz/z\n\t|| ( x/y x/z )\n\tssl? ( d/e )\n"\n',
  ],
  [
    'under a condition that is there',
    '\nDEPEND="\n\ta/b\n\tssl? ( d/e )\n"\n',
    { variable: 'DEPEND', atom: 'c/d', condition: 'ssl' },
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d d/e )\n"\n',
  ],
  [
    'under a condition over lines',
    '\nDEPEND="\n\tssl? (\n\t\td/e\n\t)\n"\n',
    { variable: 'DEPEND', atom: 'f/g', condition: 'ssl' },
    '\nDEPEND="\n\tssl? (\n\t\td/e\n\t\tf/g\n\t)\n"\n',
  ],
  [
    'under a new condition, sorted among the others',
    '\nDEPEND="\n\ta/b\n\talsa? ( d/e )\n\txml? ( f/g )\n"\n',
    { variable: 'DEPEND', atom: 'c/d', condition: 'ssl' },
    '\nDEPEND="\n\ta/b\n\talsa? ( d/e )\n\tssl? ( c/d )\n\txml? ( f/g )\n"\n',
  ],
  [
    'a condition breaks a line of others',
    '\nBDEPEND="a/b c/d"\n',
    { variable: 'BDEPEND', atom: 'x/y', condition: 'test' },
    '\nBDEPEND="\n\ta/b\n\tc/d\n\ttest? ( x/y )\n"\n',
  ],
  [
    'under two conditions',
    '\nDEPEND="a/b"\n',
    { variable: 'DEPEND', atom: 'c/d', condition: 'ssl gtk' },
    '\nDEPEND="\n\ta/b\n\tssl? ( gtk? ( c/d ) )\n"\n',
  ],
  [
    'under two conditions, of which one is there',
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d )\n"\n',
    { variable: 'DEPEND', atom: 'e/f', condition: 'ssl gtk' },
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d gtk? ( e/f ) )\n"\n',
  ],
  [
    'under two conditions that are there',
    '\nDEPEND="\n\tssl? (\n\t\tgtk? (\n\t\t\tc/d\n\t\t)\n\t)\n"\n',
    { variable: 'DEPEND', atom: 'e/f', condition: 'ssl gtk' },
    '\nDEPEND="\n\tssl? (\n\t\tgtk? (\n\t\t\tc/d\n\t\t\te/f\n\t\t)\n\t)\n"\n',
  ],
  [
    'a condition of its own',
    '',
    { variable: 'DEPEND', atom: 'c/d', condition: '!ssl' },
    '\nDEPEND="!ssl? ( c/d )"\n',
  ],
  [
    'beside a reference',
    '\nRDEPEND="x/y"\nDEPEND="${RDEPEND}"\n',
    { variable: 'DEPEND', atom: 'c/d' },
    '\nRDEPEND="x/y"\nDEPEND="\n\t${RDEPEND}\n\tc/d\n"\n',
  ],
  [
    'BDEPEND that is DEPEND',
    '\nDEPEND="x/y"\nBDEPEND="${DEPEND}\n\ta/b"\n',
    { variable: 'BDEPEND', atom: 'b/c' },
    '\nDEPEND="x/y"\nBDEPEND="${DEPEND}\n\ta/b\n\tb/c"\n',
  ],
  [
    'the assignment rather than what is appended to it',
    '\nDEPEND="a/b"\nDEPEND+=" x/y"\n',
    { variable: 'DEPEND', atom: 'c/d' },
    '\nDEPEND="a/b c/d"\nDEPEND+=" x/y"\n',
  ],
  [
    'what is appended, when there is no other',
    '\nDEPEND+=" x/y"\n',
    { variable: 'DEPEND', atom: 'c/d' },
    '\nDEPEND+=" c/d x/y"\n',
  ],
  [
    'an assignment that is made under a condition only',
    '\nif [[ ${PV} == 9999 ]]; then\n\tBDEPEND="a/b"\nfi\nRDEPEND=""\n',
    { variable: 'BDEPEND', atom: 'c/d' },
    '\nif [[ ${PV} == 9999 ]]; then\n\tBDEPEND="a/b"\nfi\nBDEPEND+=" c/d"\nRDEPEND=""\n',
  ],
  [
    'what bash puts in stays in front',
    '\nBDEPEND="\n\t${PYTHON_DEPS}\n\t$(python_gen_cond_dep \'\n\t\tx/y[${PYTHON_USEDEP}]\n\t\')\n\ttest? ( x/z )\n"\n',
    { variable: 'BDEPEND', atom: 'a/b' },
    '\nBDEPEND="\n\t${PYTHON_DEPS}\n\t$(python_gen_cond_dep \'\n\t\tx/y[${PYTHON_USEDEP}]\n\t\')\n\ta/b\n\ttest? ( x/z )\n"\n',
  ],
  [
    'what is there already',
    '\nBDEPEND=">=a/b-3"\n',
    { variable: 'BDEPEND', atom: 'a/b' },
    '\nBDEPEND=">=a/b-3"\n',
  ],
  [
    'a USE dependency is added to what is there',
    '\nDEPEND=">=a/b-3:0"\n',
    { variable: 'DEPEND', atom: 'a/b[xml]' },
    '\nDEPEND=">=a/b-3:0[xml]"\n',
  ],
  [
    'what is there under a condition is declared without it as well',
    '\nDEPEND="\n\tssl? ( a/b )\n"\n',
    { variable: 'DEPEND', atom: 'a/b' },
    '\nDEPEND="\n\ta/b\n\tssl? ( a/b )\n"\n',
  ],
  [
    'what is needed to build only is no part of an RDEPEND that is DEPEND',
    '\nDEPEND="x/y"\nRDEPEND="${DEPEND}"\n',
    { variable: 'DEPEND', atom: 'a/b' },
    '\nDEPEND="x/y"\nRDEPEND="${DEPEND}"\nDEPEND+=" a/b"\n',
  ],
  [
    'and a second one stands beside the first',
    '\nDEPEND="x/y"\nRDEPEND="\n\t${DEPEND}\n"\nDEPEND+=" a/b"\n',
    { variable: 'DEPEND', atom: 'c/d', condition: 'ssl' },
    '\nDEPEND="x/y"\nRDEPEND="\n\t${DEPEND}\n"\nDEPEND+="\n\ta/b\n\tssl? ( c/d )\n"\n',
  ],
  [
    'nor where it is that under a condition',
    '\nBDEPEND="x/y"\nif use ssl; then\n\tRDEPEND="${BDEPEND}"\nfi\n',
    { variable: 'BDEPEND', atom: 'a/b' },
    '\nBDEPEND="x/y"\nif use ssl; then\n\tRDEPEND="${BDEPEND}"\nfi\nBDEPEND+=" a/b"\n',
  ],
  [
    'what DEPEND has already is not declared again',
    '\nDEPEND="a/b x/y"\nRDEPEND="${DEPEND}"\n',
    { variable: 'DEPEND', atom: 'a/b' },
    '\nDEPEND="a/b x/y"\nRDEPEND="${DEPEND}"\n',
  ],
  [
    'a library that is linked with is needed to run',
    '\nRDEPEND="x/y"\n',
    { variable: 'DEPEND', atom: 'a/b', linked: true },
    '\nRDEPEND="a/b:= x/y"\nDEPEND="a/b:="\n',
  ],
  [
    'one that only RDEPEND has gets its operator',
    '\nRDEPEND="\n\ta/b\n\tx/y\n"\n',
    { variable: 'DEPEND', atom: 'a/b', linked: true },
    '\nRDEPEND="\n\ta/b:=\n\tx/y\n"\nDEPEND="a/b:="\n',
  ],
  [
    'DEPEND that is RDEPEND',
    '\nRDEPEND="x/y"\nDEPEND="${RDEPEND}"\n',
    { variable: 'DEPEND', atom: 'a/b:2', linked: true },
    '\nRDEPEND="a/b:2= x/y"\nDEPEND="${RDEPEND}"\n',
  ],
  [
    'RDEPEND that is DEPEND',
    '\nDEPEND="x/y"\nRDEPEND="${DEPEND}\n\tc/d"\n',
    { variable: 'DEPEND', atom: 'a/b[xml]', linked: true },
    '\nDEPEND="a/b:=[xml] x/y"\nRDEPEND="${DEPEND}\n\tc/d"\n',
  ],
  [
    'what both have in common',
    '\nCOMMON_DEPEND="x/y"\nRDEPEND="${COMMON_DEPEND}"\nDEPEND="${COMMON_DEPEND} d/e"\n',
    { variable: 'DEPEND', atom: 'a/b', linked: true },
    '\nCOMMON_DEPEND="a/b:= x/y"\nRDEPEND="${COMMON_DEPEND}"\nDEPEND="${COMMON_DEPEND} d/e"\n',
  ],
  [
    'here-documents, comments and strings are no assignments',
    '\n# BDEPEND="no"\ncat <<-EOF\n\tBDEPEND="no"\n\tEOF\nX="\nBDEPEND=no\n"\nBDEPEND="a/b"\n',
    { variable: 'BDEPEND', atom: 'c/d' },
    '\n# BDEPEND="no"\ncat <<-EOF\n\tBDEPEND="no"\n\tEOF\nX="\nBDEPEND=no\n"\nBDEPEND="a/b c/d"\n',
  ],
];

for (const [title, ebuild, declaration, expected] of cases) {
  test(`declared: ${title}`, (t) => {
    const once = declare(head + ebuild + tail, declaration);
    t.is(once, head + expected + tail);
    t.is(declare(once, declaration), once, 'what is declared is declared once');
  });
}

test('declared: functions of every form are passed by', (t) => {
  for (const form of ['pkg_setup() {', 'pkg_setup ()\n{', 'function pkg_setup {', 'function pkg_setup() {']) {
    const text = `EAPI=8\n${form}\n\tif true; then BDEPEND="no"; fi\n\tcase x in a) BDEPEND=no ;; esac\n}\nBDEPEND="a/b"\n`;
    t.is(declare(text, { variable: 'BDEPEND', atom: 'c/d' }), text.replace('a/b', 'a/b c/d'));
  }
});

test('declared: an ebuild without a line end', (t) => {
  t.is(declare('EAPI=8\nSLOT=0', { variable: 'DEPEND', atom: 'a/b' }), 'EAPI=8\nSLOT=0\n\nDEPEND="a/b"\n');
});

test('the flag of tests stands where such things do, and once', (t) => {
  t.is(
    declareTests('SLOT="0"\nKEYWORDS="~amd64"\n\nDEPEND="a/b"\n'),
    'SLOT="0"\nKEYWORDS="~amd64"\nIUSE="test"\nRESTRICT="!test? ( test )"\n\nDEPEND="a/b"\n',
  );
  t.is(
    declareTests('IUSE="+doc nls zip"\nRESTRICT="mirror"\n'),
    'IUSE="+doc nls test zip"\nRESTRICT="mirror !test? ( test )"\n',
  );
  t.is(
    declareTests('IUSE="acl"\nREQUIRED_USE="acl"\nPROPERTIES="live"\n'),
    'IUSE="acl test"\nREQUIRED_USE="acl"\nPROPERTIES="live"\nRESTRICT="!test? ( test )"\n',
  );
  const done = 'IUSE="+test"\nRESTRICT="!test? ( test )"\n';
  t.is(declareTests(done), done);
});

test('the slot operator', (t) => {
  t.is(withSlotOperator('a/b'), 'a/b:=');
  t.is(withSlotOperator('a/b:2'), 'a/b:2=');
  t.is(withSlotOperator('a/b:2/3=[x]'), 'a/b:2/3=[x]');
  t.is(withSlotOperator('a/b[x]'), 'a/b:=[x]');
});

/** [what is shown, the ebuild, the atom, what it becomes] */
const removals: readonly [string, string, string, string][] = [
  ['a line', '\nDEPEND="\n\ta/b\n\tc/d\n"\n', 'c/d', '\nDEPEND="\n\ta/b\n"\n'],
  ['one of a line', '\nDEPEND="a/b c/d e/f"\n', 'c/d', '\nDEPEND="a/b e/f"\n'],
  ['the first of a line', '\nDEPEND="a/b c/d"\n', 'a/b', '\nDEPEND="c/d"\n'],
  ['the last beside a quote', '\nDEPEND="a/b\n\tc/d"\n', 'c/d', '\nDEPEND="a/b"\n'],
  ['all', '\nDEPEND="a/b"\nRDEPEND="x/y"\n', 'a/b', '\nRDEPEND="x/y"\n'],
  [
    'all of what others refer to',
    '\nDEPEND="a/b"\nRDEPEND="${DEPEND} x/y"\n',
    'a/b',
    '\nDEPEND=""\nRDEPEND="${DEPEND} x/y"\n',
  ],
  [
    'a condition that nothing is left of',
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d )\n"\n',
    'c/d',
    '\nDEPEND="\n\ta/b\n"\n',
  ],
  [
    'one of a condition',
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d e/f )\n"\n',
    'e/f',
    '\nDEPEND="\n\ta/b\n\tssl? ( c/d )\n"\n',
  ],
];

for (const [title, ebuild, atom, expected] of removals) {
  test(`withdrawn: ${title}`, (t) => {
    t.deepEqual(withdraw(head + ebuild + tail, 'DEPEND', atom), { text: head + expected + tail });
  });
}

test('not withdrawn: alternatives, and what stands elsewhere', (t) => {
  const obstacle = (ebuild: string): string => {
    const removal = withdraw(head + ebuild, 'DEPEND', 'a/b');
    return 'obstacle' in removal ? removal.obstacle : '';
  };
  t.regex(obstacle('DEPEND="|| ( a/b c/d )"\n'), /one of several/);
  t.regex(obstacle('RDEPEND="a/b"\nDEPEND="${RDEPEND}"\n'), /does not stand in DEPEND as such/);
  t.regex(obstacle(''), /the ebuild itself does not set DEPEND/);
});

test('comments stand above what they speak of', (t) => {
  t.is(
    annotate(`${head}\nDEPEND="a/b"\n`, 'DEPEND', ['one', 'two']),
    `${head}\n# one\n# two\nDEPEND="a/b"\n`,
  );
  t.is(annotate(head, 'DEPEND', ['one']), `${head}# one\n`);
});
