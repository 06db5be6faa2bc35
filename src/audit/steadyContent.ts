/**
 * What a file says apart from when and where it was built, so that two builds of the same give the same. What it misses is found by
 * building the same once more.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** A larger file is taken as it is: what is masked is looked for in its text. */
const largestText = 64 << 20;

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\\.?';
const year = '(?:19|20)\\d\\d';
const clock = '\\d\\d:\\d\\d(?::\\d\\d)?(?:\\.\\d+)?';

/** Each is replaced by nothing; the longer form stands before the shorter. */
const ofTheBuild: readonly RegExp[] = [
  // date(1), asctime(3), and gcc's __DATE__
  new RegExp(
    `(?:\\b[A-Z][a-z]{2},? +)?\\b${month} +\\d{1,2},? +(?:${clock} +(?:[A-Z]{3,4} +)?)?${year}\\b`,
    'g',
  ),
  new RegExp(`\\b\\d{1,2}[ -]${month}[ -]${year}\\b`, 'g'),
  // ISO 8601
  new RegExp(`\\b${year}[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\\d|3[01])(?!\\d)(?:[T ]${clock}Z?)?`, 'g'),
  /\b\d\d:\d\d:\d\d\b/g,
  // Seconds since 1970, from 2017 to 2033.
  /\b1[5-9]\d{8}(?:\.\d+)?\b/g,
  // Where Portage builds, and mktemp(1)'s names.
  /(?:\/[\w.+-]+)+\/portage\/[\w.+-]+\/[\w.+-]+\/(?:work|temp|image|homedir)\b/g,
  /\/tmp\/[\w.+-]+/g,
  /\bcc[A-Za-z0-9]{6}\b(?=\.(?:o|s|ltrans|res)\b)/g,
];

/** A digest that is the same for two files that differ in nothing but the time and the place of their build. */
export function steadyDigest(data: Buffer, unsteady: readonly (readonly [number, number])[]): string {
  const hash = createHash('sha256');
  if (data.length > largestText) return hash.update(data).digest('hex');
  let text = bare(data, unsteady).toString('latin1');
  for (const pattern of ofTheBuild) text = text.replace(pattern, '');
  return hash.update(text, 'latin1').digest('hex');
}

/** Without the fields of its format that hold times and identities. */
function bare(data: Buffer, unsteady: readonly (readonly [number, number])[]): Buffer {
  if (data.length > 2 && data.readUInt16BE(0) === 0x1f8b) return unpacked(data);
  const fields = data.toString('latin1', 0, 8) === '!<arch>\n' ? archiveFields(data) : pythonFields(data);
  if (fields.length + unsteady.length === 0) return data;
  const copy = Buffer.from(data);
  for (const [start, length] of [...fields, ...unsteady]) copy.fill(0, start, start + length);
  return copy;
}

function unpacked(data: Buffer): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: largestText });
  } catch {
    // Damaged, or it only begins like one, or it is too large: then its bytes have to do.
    return data;
  }
}

/** Time, owner and mode of each member of an ar archive; ar(5). */
function archiveFields(data: Buffer): [number, number][] {
  const fields: [number, number][] = [];
  for (let at = 8; at + 60 <= data.length;) {
    fields.push([at + 16, 32]);
    const size = Number.parseInt(data.toString('latin1', at + 48, at + 58), 10);
    if (!Number.isSafeInteger(size) || size < 0) break;
    at += 60 + size + (size % 2);
  }
  return fields;
}

/** Time and size of the source of a compiled Python module; PEP 552. */
function pythonFields(data: Buffer): [number, number][] {
  const isCompiled = data.length >= 16 && data.readUInt16LE(2) === 0x0a0d && data.readUInt32LE(4) === 0;
  return isCompiled ? [[8, 8]] : [];
}
