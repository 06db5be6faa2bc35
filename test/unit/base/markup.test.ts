/** Templates of XML and HTML. */
import test from 'ava';
import { markup } from '../../../src/base/index.js';

test('text that is put in is escaped, markup is not', (t) => {
  const items = ['<b>', 'a & b'].map((item) => markup`<li title="${item}">${item}</li>`);
  t.is(
    markup`<ul>${items}</ul>${undefined}${3}`.toString(),
    '<ul><li title="&#60;b&#62;">&#60;b&#62;</li><li title="a &#38; b">a &#38; b</li></ul>3',
  );
});

test('what XML has no place for is replaced', (t) => {
  t.is(markup`${'\0\x1b\ud800'}`.toString(), '\ufffd\ufffd\ufffd');
});
