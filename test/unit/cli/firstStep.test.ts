/** What to do first depends on where one is. */
import test from 'ava';
import { firstStep } from '../../../src/cli/firstStep.js';

const gentoo = { hasFuse: true, hasDatabase: true, packageHere: undefined };

test('the first step is one that can be taken here', (t) => {
  t.regex(firstStep(gentoo), /^'lvfs doctor' .* 'lvfs build ATOM'/);
  t.regex(
    firstStep({ ...gentoo, packageHere: 'a/b' }),
    /^'lvfs build' says what the ebuild of a\/b forgot, 'lvfs fix'/,
  );
  t.regex(firstStep({ ...gentoo, hasFuse: false }), /^\/dev\/fuse is not there: 'lvfs doctor'/);
  t.regex(firstStep({ ...gentoo, hasDatabase: false }), /--root DIR/);
});
