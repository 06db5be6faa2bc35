import test from 'ava';
import { eachOnce } from '../../../src/base/index.js';

test('a message is passed on once, and again where it matters more', (t) => {
  const heard: string[] = [];
  const log = eachOnce((level, message) => heard.push(`${level}: ${message}`));
  log('info', 'the cache is read');
  log('warn', 'no make.conf');
  log('info', 'the cache is read');
  log('warn', 'the cache is read');
  log('warn', 'no make.conf');
  t.deepEqual(heard, ['info: the cache is read', 'warn: no make.conf', 'warn: the cache is read']);
});
