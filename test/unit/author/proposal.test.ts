/** From findings to a commit. */
import test from 'ava';
import { asMail, propose, type Asker, type Question } from '../../../src/author/proposal.js';
import type { Addition, Findings } from '../../../src/author/search.js';
import { pkg } from '../../helpers/installed.js';

const ebuild = {
  cpv: 'dev-libs/foo-1',
  path: 'dev-libs/foo/foo-1.ebuild',
  text: 'EAPI=8\nSLOT="0"\nBDEPEND="|| ( a/b c/d )"\n',
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
