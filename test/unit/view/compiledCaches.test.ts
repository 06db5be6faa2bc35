import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { NodeHost } from '../../../src/filesystem/index.js';
import {
  cacheFormats,
  rule,
  systemPaths,
  type HostCompilation,
  type ViewSettings,
} from '../../../src/view/index.js';
import { gentooRoot, type FileTree } from '../../helpers/gentooRoot.js';
import { openTestView, type OpenedView } from '../../helpers/withView.js';

const xml = (...entries: string[]): string =>
  ['<?xml version="1.0"?>', '<catalog xmlns="urn:oasis">', ...entries, '</catalog>', ''].join('\n');
const env = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

/** Files of the two packages, and what nobody owns: caches of both. */
const visible: FileTree = {
  '/usr/lib64/gio/modules/libvis.so': 'x',
  '/usr/lib64/gdk-pixbuf-2.0/2.10.0/loaders/vis.so': 'x',
  '/usr/share/applications/vis.desktop': 'x',
  '/usr/share/applications/kde/vis.desktop': 'x',
  '/usr/share/fonts/mixed/vis.pcf': 'x',
  '/usr/share/fonts/vis/vis.ttf': 'x',
  '/usr/share/info/vis.info.bz2': 'x',
  '/usr/share/xml/vis/catalog.xml': 'x',
  '/usr/share/xml/vis/vis dtd': 'x',
  '/usr/share/sgml/vis/catalog': 'x',
  '/usr/share/texmf-dist/tex/vis/vis.sty': 'x',
  '/usr/share/vim/vimfiles/doc/vis.txt': 'x',
  '/usr/lib64/perl5/vendor_perl/5.40/Vis/Parser.pm': 'x',
  '/usr/share/emacs/site-lisp/site-gentoo.d/50vis-gentoo.el': '(vis\n)\n',
  '/etc/env.d/50vis': env(
    'PATH="/opt/vis/bin"',
    'EDITOR=vis',
    "VIS='a b'",
    'SEARCH="/vis"',
    'COLON_SEPARATED=SEARCH',
  ),
  '/usr/share/icons/vis/vis.png': 'x',
  '/usr/share/icons/mixed/vis.png': 'x',
  '/usr/share/glib-2.0/schemas/org.vis.gschema.xml': 'visible schema',
  '/usr/share/mime/packages/vis.xml': 'visible types',
  '/usr/lib64/ghc-9.8.4/package.conf.d/vis-1.conf': 'visible package',
  '/etc/texmf/fmtutil.d/vis.cnf': 'vis line\nboth line\n',
  '/usr/lib64/qt5/mkspecs/gentoo/vis-qconfig.pri': 'QCONFIG_ADD= vis both\n',
  '/usr/lib/vis/lib.so': 'x',
  '/etc/dconf/db/mixed.d/vis': 'x',
  '/etc/dconf/db/vis.d/vis': 'x',
};
const hidden: FileTree = {
  '/usr/lib64/gio/modules/libhid.so': 'x',
  '/usr/lib64/gdk-pixbuf-2.0/2.10.0/loaders/hid.so': 'x',
  '/usr/share/applications/hid.desktop': 'x',
  '/usr/share/applications/kde/hid.desktop': 'x',
  '/usr/share/fonts/mixed/hid.pcf': 'x',
  '/usr/share/fonts/hid/hid.ttf': 'x',
  '/usr/share/info/hid.info.bz2': 'x',
  '/usr/share/xml/hid/catalog.xml': 'x',
  '/usr/share/xml/hid/hid dtd': 'x',
  '/usr/share/sgml/hid/catalog': 'x',
  '/usr/share/texmf-dist/tex/hid/hid.sty': 'x',
  '/usr/share/texmf-dist/tex/vis/hid.sty': 'x',
  '/usr/share/vim/vimfiles/doc/hid.txt': 'x',
  '/usr/lib64/perl5/vendor_perl/5.40/x86_64-linux/Hid/Parser.pm': 'x',
  '/usr/share/emacs/site-lisp/site-gentoo.d/60hid-gentoo.el': '(hid\n)\n',
  '/etc/env.d/60hid': env('PATH="/opt/hid/bin:/opt/vis/bin"', 'EDITOR=hid', 'HID=1', 'SEARCH=/hid'),
  '/usr/share/icons/mixed/hid.png': 'x',
  '/usr/share/glib-2.0/schemas/org.hid.gschema.override': 'hidden schema',
  '/usr/share/mime/packages/hid.xml': 'hidden types',
  '/usr/lib64/ghc-9.8.4/package.conf.d/hid-1.conf': 'hidden package',
  '/etc/texmf/fmtutil.d/hid.cnf': 'hid line\nboth line\n',
  '/usr/lib64/qt5/mkspecs/gentoo/hid-qconfig.pri': 'QCONFIG_ADD= hid both\n',
  '/usr/lib/hid/lib.so': 'x',
  '/etc/dconf/db/mixed.d/hid': 'x',
  '/usr/lib/udev/hwdb.d/hid.hwdb': 'x',
};

/** Caches: what the host has, and what the view must have while the second package is hidden. */
const cases: Record<string, [host: string, view: string | undefined]> = {
  '/usr/lib64/gio/modules/giomodule.cache': [
    '# a: b\nlibvis.so: tls\nlibhid.so: proxy\nlibgone.so: x\n',
    '# a: b\nlibvis.so: tls\nlibgone.so: x\n',
  ],
  '/usr/lib64/gdk-pixbuf-2.0/2.10.0/loaders.cache': [
    '# head\n#\n"/usr/lib64/gdk-pixbuf-2.0/2.10.0/loaders/hid.so"\n"hid" 4\n"RIFF" "" 100\n\n' +
      '"/lib64/gdk-pixbuf-2.0/2.10.0/loaders/vis.so"\n"vis" 5\n\n',
    '# head\n#\n"/lib64/gdk-pixbuf-2.0/2.10.0/loaders/vis.so"\n"vis" 5\n\n',
  ],
  '/usr/share/applications/mimeinfo.cache': [
    '[MIME Cache]\na/b=hid.desktop;vis.desktop;\nc/d=hid.desktop;\ne/f=kde-hid.desktop;kde-vis.desktop;\ng/h=vis.desktop;\n',
    '[MIME Cache]\na/b=vis.desktop;\ne/f=kde-vis.desktop;\ng/h=vis.desktop;\n',
  ],
  '/usr/share/fonts/mixed/fonts.dir': [
    '3\nhid.pcf -a-b\nvis.pcf -c-d\nai=0.2:hid.pcf -e-f\n',
    '1\nvis.pcf -c-d\n',
  ],
  '/usr/share/fonts/encodings.dir': [
    '2\nhid /usr/share/fonts/mixed/hid.pcf\nvis mixed/vis.pcf\n',
    '1\nvis mixed/vis.pcf\n',
  ],
  '/usr/share/info/dir': [
    'Intro\n  (a)\n* Menu:\n\nTools\n* Vis: (vis).      One\n      more\n* Hid: (hid)Top.   Two\n      words\n* Vis x: (vis)x.\n\n',
    'Intro\n  (a)\n* Menu:\n\nTools\n* Vis: (vis).      One\n      more\n* Vis x: (vis)x.\n\n',
  ],
  '/etc/xml/catalog': [
    xml(
      '  <!-- <public publicId="no" uri="/usr/share/xml/hid/catalog.xml"/> -->',
      '  <delegatePublic publicIdStartString="h" catalog="file:///etc/xml/hid"/>',
      '  <delegatePublic publicIdStartString="v" catalog="file:///etc/xml/vis"/>',
      '  <rewriteSystem systemIdStartString="h" rewritePrefix="/usr/share/xml/hid"/>',
      '  <rewriteURI uriStartString="v" rewritePrefix="file:/usr/share/xml/vis/"/>',
      '  <uri name="a &gt; b" uri="../../usr/share/xml/hid/hid%20dtd"></uri>',
      '  <group xml:base="file:///usr/share/xml/vis/"><system systemId="v" uri="vis%20dtd"/>',
      '  <system systemId="w" uri="http://example.org/hid"/></group>',
      '  <nextCatalog catalog="file:///etc/xml/catalog"/>',
    ),
    xml(
      '  <!-- <public publicId="no" uri="/usr/share/xml/hid/catalog.xml"/> -->',
      '  <delegatePublic publicIdStartString="v" catalog="file:///etc/xml/vis"/>',
      '  <rewriteURI uriStartString="v" rewritePrefix="file:/usr/share/xml/vis/"/>',
      '  <group xml:base="file:///usr/share/xml/vis/"><system systemId="v" uri="vis%20dtd"/>',
      '  <system systemId="w" uri="http://example.org/hid"/></group>',
      '  <nextCatalog catalog="file:///etc/xml/catalog"/>',
    ),
  ],
  '/etc/xml/vis': [
    xml('<delegatePublic publicIdStartString="v" catalog="file:///usr/share/xml/vis/catalog.xml"/>'),
    xml('<delegatePublic publicIdStartString="v" catalog="file:///usr/share/xml/vis/catalog.xml"/>'),
  ],
  '/etc/xml/hid': [
    xml('<delegatePublic publicIdStartString="h" catalog="file:///usr/share/xml/hid/catalog.xml"/>'),
    undefined,
  ],
  '/etc/sgml/catalog': [
    'CATALOG "/etc/sgml/hid.cat"\nCATALOG /etc/sgml/vis.cat\n-- words --\n',
    'CATALOG /etc/sgml/vis.cat\n-- words --\n',
  ],
  '/etc/sgml/hid.cat': ['CATALOG "/usr/share/sgml/hid/catalog"\n', undefined],
  '/etc/sgml/vis.cat': [
    'CATALOG "/usr/share/sgml/vis/catalog"\nPUBLIC "-//a//b" "/usr/share/sgml/hid/catalog"\n',
    'CATALOG "/usr/share/sgml/vis/catalog"\n',
  ],
  '/usr/share/texmf-dist/ls-R': [
    '% ls-R -- filename database for kpathsea\n./:\nls-R\ntex\n\n./tex:\nhid\nvis\n\n./tex/hid:\nhid.sty\n\n./tex/vis:\nhid.sty\nvis.sty\ngone.sty\n',
    '% ls-R -- filename database for kpathsea\n./:\nls-R\ntex\n\n./tex:\nvis\n\n\n./tex/vis:\nvis.sty\ngone.sty\n',
  ],
  '/usr/share/vim/vimfiles/doc/tags': ['a\thid.txt\t/*a*\nb\tvis.txt\t/*b*\n', 'b\tvis.txt\t/*b*\n'],
  '/usr/lib64/perl5/5.40/perllocal.pod': [
    '=head2 Mon: C<Module> L<Hid::Parser|Hid::Parser>\n\n=over 4\n\n=back\n\n=head2 Tue: C<Module> L<Vis::Parser>\n\nx\n',
    '=head2 Tue: C<Module> L<Vis::Parser>\n\nx\n',
  ],
  '/usr/lib64/perl5/vendor_perl/5.40/XML/SAX/ParserDetails.ini': [
    '[Hid::Parser]\nhttp://xml.org/sax = 1\n\n[Vis::Parser]\nx = 1\n',
    '[Vis::Parser]\nx = 1\n',
  ],
  '/usr/share/emacs/site-lisp/site-gentoo.el': [
    ';; head\n(vis\n)\n(hid\n)\n(provide)\n',
    ';; head\n(vis\n)\n(provide)\n',
  ],
  '/etc/profile.env': [
    "# head\n\nexport EDITOR='hid'\nexport HID='1'\nexport OTHER='/x'\nexport PATH='/opt/vis/bin:/opt/hid/bin'\nexport SEARCH='/vis:/hid'\nexport VIS='a b'\n",
    "# head\n\nexport EDITOR='vis'\nexport OTHER='/x'\nexport PATH='/opt/vis/bin'\nexport SEARCH='/vis'\nexport VIS='a b'\n",
  ],
  '/etc/csh.env': ["setenv HID '1'\nsetenv VIS 'a b'\n", "setenv VIS 'a b'\n"],
  '/etc/environment.d/10-gentoo-env.conf': ['HID=1\nEDITOR=hid\n', 'EDITOR=vis\n'],
  '/etc/ld.so.conf': ['# x\n/usr/lib/hid\n/usr/lib/vis\n/nowhere\n', '# x\n/usr/lib/vis\n/nowhere\n'],
  '/usr/share/icons/mixed/icon-theme.cache': ['x', undefined],
  '/usr/share/icons/vis/icon-theme.cache': ['x', 'x'],
  '/etc/dconf/db/mixed': ['x', undefined],
  '/etc/dconf/db/vis': ['x', 'x'],
  '/etc/udev/hwdb.bin': ['x', undefined],
  '/etc/texmf/web2c/fmtutil.cnf': ['# x\nhid line\nboth line\nvis line\n', '# x\nboth line\nvis line\n'],
  '/usr/lib64/qt5/mkspecs/qconfig.pri': [
    'CONFIG += x\nQT_CONFIG += base hid both vis\n',
    'CONFIG += x\nQT_CONFIG += base both vis\n',
  ],
};

/** Generators, whose caches are tied to them. */
const generators = [
  ...new Set(
    systemPaths.flatMap(({ compiled, packages }) => (compiled === undefined ? [] : (packages ?? []))),
  ),
].map((name) => `${name}-99`);

interface Compiled extends OpenedView {
  /** What the view has at a path: undefined when it is not there. */
  readonly read: (path: string) => string | undefined;
  readonly compilations: HostCompilation[];
  readonly show: (...cpvs: string[]) => void;
}

/** A view in which programs make nothing but a list of what they were given. */
async function open(
  t: ExecutionContext,
  files: FileTree = {},
  settings: Partial<ViewSettings> = {},
  more: Record<string, FileTree> = {},
): Promise<Compiled> {
  const gentoo = await gentooRoot({
    packages: {
      'app-misc/vis-1': { files: visible },
      'app-misc/hid-1': { files: hidden },
      'dev-libs/programs-1': {
        files: Object.fromEntries(
          ['glib-compile-schemas', 'update-mime-database', 'ghc-pkg-9.8.4'].map((name) => [
            `/usr/bin/${name}`,
            'x',
          ]),
        ),
      },
      ...Object.fromEntries(generators.map((cpv) => [cpv, {}])),
      ...Object.fromEntries(Object.entries(more).map(([cpv, owned]) => [cpv, { files: owned }])),
    },
    files: { '/lib64': { link: 'usr/lib64' }, ...files },
  });
  t.teardown(gentoo.cleanup);
  const compilations: HostCompilation[] = [];
  class Host extends NodeHost {
    override compile(compilation: HostCompilation): ReadonlyMap<string, Buffer> | string {
      compilations.push(compilation);
      const list = Buffer.from(compilation.files.map(({ name, path }) => `${name} ${path}`).join('\n'));
      return new Map(
        ['gschemas.compiled', 'globs2', 'text/vis.xml', 'package.cache'].map((name) => [name, list]),
      );
    }
  }
  const opened = openTestView({ root: gentoo.root, visible: [], settings, host: new Host() });
  const { view } = opened;
  const show = (...cpvs: string[]): void => {
    view.setVisible(opened.ids([...generators, 'dev-libs/programs-1', ...cpvs]), []);
  };
  show('app-misc/vis-1');
  const read = (path: string): string | undefined => {
    const found = view.canonical(Buffer.from(path));
    if (found === undefined || !view.isVisible(found.node, found.kind)) return undefined;
    const made = view.madeContent(found.node) ?? readFileSync(gentoo.path(path));
    return made.toString('latin1');
  };
  return { ...opened, read, compilations, show };
}

const caches = Object.fromEntries(Object.entries(cases).map(([path, [host]]) => [path, host]));

test('a cache tells of nothing hidden', async (t) => {
  const { read } = await open(t, caches);
  for (const [path, [, view]] of Object.entries(cases)) t.is(read(path), view, path);
});

test('a cache of which everything is visible is the host’s', async (t) => {
  const { read, show, compilations } = await open(t, {
    ...caches,
    '/usr/share/glib-2.0/schemas/gschemas.compiled': 'all',
  });
  show('app-misc/vis-1', 'app-misc/hid-1');
  for (const [path, [host]] of Object.entries(cases)) t.is(read(path), host, path);
  t.is(read('/usr/share/glib-2.0/schemas/gschemas.compiled'), 'all');
  t.deepEqual(compilations, []);
});

test('caches follow what is visible', async (t) => {
  const { read, show } = await open(t, caches);
  const path = '/usr/lib64/gio/modules/giomodule.cache';
  const [host, filtered] = cases[path] ?? [];
  t.is(read(path), filtered);
  show('app-misc/vis-1', 'app-misc/hid-1');
  t.is(read(path), host);
  t.is(read('/etc/sgml/hid.cat'), cases['/etc/sgml/hid.cat']?.[0]);
  show('app-misc/vis-1');
  t.is(read(path), filtered);
  t.is(read('/etc/sgml/hid.cat'), undefined);
});

test('a cache of a visible package is filtered as well, one of a hidden package is hidden', async (t) => {
  const path = '/usr/lib64/gio/modules/giomodule.cache';
  const [host = '', filtered] = cases[path] ?? [];
  const owned = await open(t, {}, {}, { 'dev-libs/owner-1': { [path]: host } });
  t.is(owned.read(path), undefined);
  owned.show('app-misc/vis-1', 'dev-libs/owner-1');
  t.is(owned.read(path), filtered);
});

test('what the user shows is shown as it is', async (t) => {
  const path = '/usr/lib64/gio/modules/giomodule.cache';
  const { read } = await open(t, caches, { overrides: { show: [path, '/etc/sgml/hid.cat'], hide: [] } });
  for (const shown of [path, '/etc/sgml/hid.cat']) t.is(read(shown), cases[shown]?.[0]);
});

test('a cache that is left out has a rule that says why', async (t) => {
  const { view } = await open(t, caches);
  const found = view.canonical(Buffer.from('/usr/share/icons/mixed/icon-theme.cache'));
  if (found === undefined) return t.fail();
  t.is(view.decide(found.node, found.kind), rule.compiled);
  t.is(view.detail(found.node, rule.compiled), cacheFormats['beside-files'].says);
});

test('an unowned file beside a cache is hidden, and the cache with it', async (t) => {
  const { read } = await open(t, {
    '/usr/share/icons/vis/icon-theme.cache': 'x',
    '/usr/share/icons/vis/16/dropped.png': 'x',
  });
  t.is(read('/usr/share/icons/vis/icon-theme.cache'), undefined);
});

test('a cache that is left out does not show the directory that has nothing else, whichever is asked for first', async (t) => {
  const theme = '/usr/share/icons/theme';
  const theirs = { 'x11-themes/theme-1': { [`${theme}/16/icon.png`]: 'x', [`${theme}/32/icon.png`]: 'x' } };
  const wanted = [`${theme}/icon-theme.cache`, theme, `${theme}/16`, theme];
  for (const paths of [wanted, [...wanted].reverse()]) {
    const { view, show } = await open(t, { [`${theme}/icon-theme.cache`]: 'x' }, {}, theirs);
    const isThere = (path: string): boolean => {
      const found = view.canonical(Buffer.from(path));
      return found !== undefined && view.isVisible(found.node, found.kind);
    };
    const decided = (): boolean => {
      const found = view.canonical(Buffer.from(theme));
      return found !== undefined && view.decide(found.node, found.kind) > 0;
    };
    t.deepEqual(paths.map(isThere), [false, false, false, false]);
    t.false(decided());
    show('x11-themes/theme-1');
    t.deepEqual(paths.map(isThere), [true, true, true, true]);
    show();
    t.deepEqual(paths.map(isThere), [false, false, false, false]);
    t.false(decided());
  }
});

test('programs are given what is visible, and run once for it', async (t) => {
  const { read, show, compilations } = await open(t, {
    '/usr/share/glib-2.0/schemas/gschemas.compiled': 'all',
    '/usr/share/glib-2.0/schemas/readme': 'x',
    '/usr/share/mime/globs2': 'all',
    '/usr/share/mime/magic': 'all',
    '/usr/share/mime/text/vis.xml': 'all',
    '/usr/share/mime/text/hid.xml': 'all',
    '/usr/lib64/ghc-9.8.4/package.conf.d/package.cache': 'all',
  });
  const schemas = '/usr/share/glib-2.0/schemas';
  t.is(read(`${schemas}/gschemas.compiled`), `org.vis.gschema.xml ${schemas}/org.vis.gschema.xml`);
  const types = 'packages/vis.xml /usr/share/mime/packages/vis.xml';
  t.is(read('/usr/share/mime/globs2'), types);
  t.is(read('/usr/share/mime/text/vis.xml'), types);
  t.is(read('/usr/share/mime/text/hid.xml'), undefined);
  t.is(read('/usr/share/mime/magic'), undefined);
  const haskell = '/usr/lib64/ghc-9.8.4/package.conf.d';
  t.is(read(`${haskell}/package.cache`), `vis-1.conf ${haskell}/vis-1.conf`);
  show('app-misc/vis-1', 'app-misc/hid-1');
  t.is(read('/usr/share/mime/text/hid.xml'), 'all');
  show('app-misc/vis-1');
  t.is(read('/usr/share/mime/globs2'), types);
  t.deepEqual(
    compilations.map(({ program, args }) => [program, ...args].join(' ')),
    [
      '/usr/bin/glib-compile-schemas %',
      '/usr/bin/update-mime-database %',
      '/usr/bin/ghc-pkg-9.8.4 --no-user-package-db --package-db=% recache',
    ],
  );
});

test('without a visible program that makes it a cache is left out, and the log says so', async (t) => {
  const opened = await open(t, { '/usr/share/mime/globs2': 'all' });
  const { read, view, messages } = opened;
  view.setVisible(opened.ids([...generators, 'app-misc/vis-1']), []);
  t.is(read('/usr/share/mime/globs2'), undefined);
  t.deepEqual(messages, [
    '/usr/share/mime/globs2: not shown: /usr/bin/update-mime-database, which makes it of what is visible, is hidden or missing',
  ]);
});

/** A cache of fontconfig without fonts: `struct _FcCache` for 64 bits, least significant byte first. */
function fontCache(directory: string): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32LE(0xfc02fc04, 0);
  head.writeBigInt64LE(64n, 16);
  return Buffer.concat([head, Buffer.from(`${directory}\0`)]);
}

test('fontconfig’s cache of a directory is there when nothing in it is hidden', async (t) => {
  const place = '/var/cache/fontconfig';
  const { read, show } = await open(t, {
    [`${place}/a-le64.cache-9`]: fontCache('/usr/share/fonts/vis'),
    [`${place}/b-le64.cache-9`]: fontCache('/usr/share/fonts/mixed'),
    [`${place}/c-le64.cache-9`]: fontCache('/usr/share/fonts/hid'),
    [`${place}/d-le64.cache-9`]: Buffer.from('short'),
    [`${place}/e-le64.cache-9`]: Buffer.alloc(16, 255),
    [`${place}/CACHEDIR.TAG`]: 'x',
  });
  const there = (): string[] =>
    ['a', 'b', 'c', 'd', 'e'].filter((name) => read(`${place}/${name}-le64.cache-9`) !== undefined);
  t.deepEqual(there(), ['a']);
  t.is(read(`${place}/CACHEDIR.TAG`), 'x');
  show('app-misc/vis-1', 'app-misc/hid-1');
  t.deepEqual(there(), ['a', 'b', 'c']);
});

test('a loader’s cache that is not understood is shown, and the log says so', async (t) => {
  const { read, messages } = await open(t, { '/etc/ld.so.cache': 'nothing' });
  t.is(read('/etc/ld.so.cache'), 'nothing');
  t.deepEqual(messages, [
    '/etc/ld.so.cache: is of an unknown format and shown as it is; it names hidden libraries',
  ]);
});

test('damaged and empty caches do no harm', async (t) => {
  for (const text of ['', '\0\xff\n"', '<catalog', './x:\n* : ([=']) {
    const { read } = await open(t, Object.fromEntries(Object.keys(cases).map((path) => [path, text])));
    for (const path of Object.keys(cases)) t.notThrows(() => read(path), path);
  }
});

test('every format is of something on the list', (t) => {
  const used = new Set(systemPaths.flatMap(({ compiled }) => compiled ?? []));
  t.deepEqual([...used].sort(), Object.keys(cacheFormats).sort());
});
