/** From findings to a commit. */
import test from 'ava';
import { asMail, propose, type Asker, type Question } from '../../../src/author/proposal.js';
import type { Addition, Findings } from '../../../src/author/search.js';
import { pkg } from '../../helpers/installed.js';

const ebuild = {
  cpv: 'dev-libs/foo-1',
  path: 'dev-libs/foo/foo-1.ebuild',
  text: 'EAPI=8\nSLOT="0"\nBDEPEND="|| ( a/b c/d )"\n',
  hasTestFlag: true,
};
const pkgconf: Addition = {
  cpv: pkg('dev-util/pkgconf-2'),
  variable: 'BDEPEND',
  atoms: [
    { atom: 'virtual/pkgconfig', reason: 'it stands for dev-util/pkgconf' },
    { atom: 'dev-util/pkgconf', reason: 'it has /usr/bin/pkg-config' },
  ],
  kind: 'needed',
  isConditionKnown: true,
  untold: [],
  linked: false,
  proved: true,
  paths: ['/usr/bin/pkg-config'],
  messages: [],
  files: [],
  from: [],
};
const automagic: Addition = { ...pkgconf, kind: 'automagic', files: ['/usr/bin/x'] };
const found = (...additions: Addition[]): Findings => ({ outcome: 'done', additions, withdrawals: [] });
const nobody: Asker = () => Promise.resolve(undefined);

test('which of several atoms is meant is asked', async (t) => {
  const asked: Question[] = [];
  const { text, message, open } = await propose(ebuild, found(pkgconf), (question) => {
    asked.push(question);
    return Promise.resolve(question.answers[1]);
  });
  t.deepEqual(
    asked[0]?.answers.map(({ atom }) => atom),
    ['virtual/pkgconfig', 'dev-util/pkgconf'],
  );
  t.regex(text, /^\tdev-util\/pkgconf$/m);
  t.regex(message, /^dev-libs\/foo: declare dev-util\/pkgconf\n/);
  t.deepEqual(open, []);
});

test('where nobody answers the likeliest is taken, and the others are a comment', async (t) => {
  const { text } = await propose(ebuild, found(pkgconf), nobody);
  t.regex(
    text,
    /^# TODO: virtual\/pkgconfig is one of several that have it; or\n# dev-util\/pkgconf\nBDEPEND="/m,
  );
  const none = { ...ebuild, text: ebuild.text.replace(/^BDEPEND="[^"]*"\n/m, 'DEPEND="x/y"\n') };
  const added = await propose(none, found(pkgconf), nobody);
  t.regex(added.text, /^DEPEND="x\/y"\n# TODO: .*\n# .*\nBDEPEND="virtual\/pkgconfig"$/m);
  t.regex(text, /^\tvirtual\/pkgconfig$/m);
});

test('an automagic dependency is declared, or switched off, by who is asked', async (t) => {
  const answer =
    (i: number): Asker =>
    (question) =>
      Promise.resolve(question.answers.at(i));
  t.regex((await propose(ebuild, found(automagic), answer(0))).text, /virtual\/pkgconfig/);
  const off = await propose(ebuild, found(automagic), answer(-1));
  t.is(off.text, ebuild.text);
  t.is(off.patch, '');
  const open = await propose(ebuild, found(automagic), nobody);
  t.regex(open.text, /^# TODO: dev-util\/pkgconf is used where it is installed/m);
  t.regex(open.message, /^dev-libs\/foo: dependencies to decide on$/);
});

test('a condition that no build has told is asked, or a comment', async (t) => {
  const [atom] = pkgconf.atoms;
  const untold: Addition = {
    ...pkgconf,
    ...{ atoms: atom === undefined ? [] : [atom], isConditionKnown: false, untold: ['ssl', '!gtk'] },
  };
  const some = { outcome: 'open', additions: [untold], withdrawals: [] } as const;
  const asked: Question[] = [];
  const answered = await propose(ebuild, some, (question) => {
    asked.push(question);
    return Promise.resolve(question.answers[1]);
  });
  t.regex(asked[0]?.text ?? '', /^dev-util\/pkgconf is needed; under which USE flag \(no build has told\)$/);
  t.deepEqual(
    asked[0]?.answers.map(({ condition }) => condition),
    [undefined, 'ssl', '!gtk'],
  );
  t.regex(answered.text, /^\tssl\? \( virtual\/pkgconfig \)$/m);
  t.deepEqual(answered.open, []);
  const open = await propose(ebuild, some, nobody);
  t.regex(open.text, /^\tvirtual\/pkgconfig$/m);
  t.deepEqual(open.open, [
    'whether dev-util/pkgconf goes with one of the flags ssl? !gtk? was not found out: there were to be no more builds',
  ]);
  t.regex(open.text, /^# TODO: whether dev-util\/pkgconf goes with/m);
  t.regex(open.message.replaceAll('\n', ' '), /Whether it goes with a USE flag was not found out\./);
  const other = await propose(ebuild, { ...some, outcome: 'done' }, nobody);
  t.regex(other.open[0] ?? '', /: nothing could be built with them switched$/);
});

test('what only tests need brings the flag that the ebuild lacks', async (t) => {
  const [atom] = pkgconf.atoms;
  const some = found({ ...pkgconf, atoms: atom === undefined ? [] : [atom], condition: 'test' });
  const { text, message } = await propose({ ...ebuild, hasTestFlag: false }, some, nobody);
  t.regex(text, /^SLOT="0"\nIUSE="test"\nRESTRICT="!test\? \( test \)"\nBDEPEND="/m);
  t.regex(text, /^\ttest\? \( virtual\/pkgconfig \)$/m);
  const words = message.replaceAll('\n', ' ');
  t.regex(words, /With no tests it is not needed\..* IUSE, RESTRICT: test: only the tests need/);
  const has = await propose(ebuild, some, nobody);
  t.notRegex(has.text, /IUSE|RESTRICT/);
  t.regex(has.message.replaceAll('\n', ' '), /With USE="-test" it is not needed\./);
});

test('what was not proved says so', async (t) => {
  const [atom] = pkgconf.atoms;
  const some = { ...pkgconf, proved: false, atoms: atom === undefined ? [] : [atom] };
  const { open, message } = await propose(ebuild, { ...found(some), outcome: 'open' }, nobody);
  t.deepEqual(open, ['that dev-util/pkgconf is needed was not proved: there were to be no more builds']);
  t.regex(message.replaceAll('\n', ' '), /gave up over it; that it succeeds with it is not proved\./);
});

test('an automagic dependency whose flags were not tried says so', async (t) => {
  const some = { ...automagic, isConditionKnown: false, untold: ['ssl'] };
  const { open, text } = await propose(ebuild, { ...found(some), outcome: 'open' }, nobody);
  t.is(open.length, 2);
  t.regex(open[1] ?? '', /^whether dev-util\/pkgconf goes with the flag ssl\? was not found out: /);
  t.false(text.includes('virtual/pkgconfig'));
});

test('one of several alternatives is not taken away', async (t) => {
  const withdrawals = [{ cpv: pkg('a/b-1'), variable: 'BDEPEND', atom: 'a/b' } as const];
  const { text, open } = await propose(ebuild, { outcome: 'done', additions: [], withdrawals }, nobody);
  t.regex(text, /^# TODO: nothing of a\/b is used, but it was not taken away: a\/b is one of$/m);
  t.is(open.length, 1);
});

test('a subject that would be too long counts, and lines of the body are short', async (t) => {
  const one = (name: string): Addition => ({
    ...pkgconf,
    atoms: [{ atom: `category-of/${name}-with-a-long-name`, reason: '' }],
    messages: ['a message that is so long that it has to be broken into several lines of the body'],
  });
  const { message } = await propose(ebuild, found(one('first'), one('second')), nobody);
  const [subject = '', ...body] = message.split('\n');
  t.is(subject, 'dev-libs/foo: declare missing dependencies');
  t.true(body.every((line) => line.length <= 72));
  const mail = asMail({ message, patch: 'P' }, 'A <a@b>', new Date(0));
  t.regex(mail, /^From 0{40} .*\nFrom: A <a@b>\nDate: Thu, 01 Jan 1970 00:00:00 \+0000\n/);
  t.regex(mail, /\nSubject: \[PATCH\] dev-libs\/foo: declare missing dependencies\n\n[^]*\n---\n\nP$/);
});

test('nothing found is no patch', async (t) => {
  const { patch, text } = await propose(ebuild, found(), nobody);
  t.is(patch, '');
  t.is(text, ebuild.text);
});
