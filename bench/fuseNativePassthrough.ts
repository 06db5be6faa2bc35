/** A read-only passthrough on the npm package fuse-native, the way its documentation suggests: `SOURCE MOUNTPOINT`. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

type Callback = (status: number, value?: unknown) => void;
interface FuseNative {
  mount(done: (error: Error | null) => void): void;
  unmount(done: (error: Error | null) => void): void;
}
type FuseNativeClass = new (mountpoint: string, handlers: object, options: object) => FuseNative;

const [source = '/', mountpoint = ''] = process.argv.slice(2);
const Fuse = createRequire(import.meta.url)('fuse-native') as FuseNativeClass;

const day = 86_400;
const answer =
  (done: Callback) =>
  (error: NodeJS.ErrnoException | null, value?: unknown): void =>
    done(error === null ? 0 : (error.errno ?? -5), value);

const handlers = {
  getattr: (path: string, done: Callback) => fs.lstat(join(source, path), answer(done)),
  readdir: (path: string, done: Callback) => fs.readdir(join(source, path), answer(done)),
  readlink: (path: string, done: Callback) => fs.readlink(join(source, path), answer(done)),
  open: (path: string, _flags: number, done: Callback) => fs.open(join(source, path), 'r', answer(done)),
  read: (_path: string, fd: number, buffer: Buffer, length: number, position: number, done: Callback) =>
    fs.read(fd, buffer, 0, length, position, (error, got) =>
      done(error === null ? got : (error.errno ?? -5)),
    ),
  release: (_path: string, fd: number, done: Callback) => fs.close(fd, answer(done)),
};

const fuse = new Fuse(mountpoint, handlers, {
  force: true,
  allowOther: true,
  kernelCache: true,
  entryTimeout: day,
  attrTimeout: day,
  negativeTimeout: day,
});
fuse.mount((error) => {
  if (error !== null) {
    console.error(error.message);
    process.exit(1);
  }
});
