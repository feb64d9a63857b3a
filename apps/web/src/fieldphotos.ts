// The field test's photographs, where the user wants them kept: each as the model saw it and whole, in the browser's own
// store until the user deletes them. What leaves is a zip file (docs/formats-app.md), by the user's hand only.
import { type Zippable, strToU8, zipSync } from "fflate";

// As many as `handlens verify --import` takes (src/verify/phones/field_file.h), and less in bytes.
export const MOST_PHOTOS = 200;
const MOST_BYTES = 48_000_000;
const STORE = "photographs";
// Archives carry a time for each file; this one says nothing of the user.
const NO_TIME = new Date(1980, 1, 1);

export interface Photo {
  seen: ArrayBuffer; // PNG, the model's pixels
  whole: ArrayBuffer; // JPEG, the camera's frame
}

const done = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error ?? new Error("the browser's store refused"));
});

export class FieldPhotos {
  private opened: Promise<IDBDatabase> | null = null;
  private bytes: number | null = null; // of all photographs; null = not counted yet

  constructor(private readonly modelSha256: string) {}

  // False when it finds no room, be it by our own bound or the browser's.
  async keep(number: number, photo: Photo, count: number): Promise<boolean> {
    const size = photo.seen.byteLength + photo.whole.byteLength;
    try {
      this.bytes ??= (await this.all()).reduce((sum, one) => sum + one.seen.byteLength + one.whole.byteLength, 0);
      if (count >= MOST_PHOTOS || this.bytes + size > MOST_BYTES) return false;
      await done((await this.store("readwrite")).put(photo, this.key(number)));
    } catch {
      return false;
    }
    this.bytes += size;
    return true;
  }

  async forget(number: number): Promise<void> {
    this.bytes = null;
    await done((await this.store("readwrite")).delete(this.key(number))).catch(() => undefined);
  }

  async clear(): Promise<void> {
    this.bytes = null;
    await done((await this.store("readwrite")).delete(this.range())).catch(() => undefined);
  }

  // Which of these numbers the store still has: browsers may throw it away.
  async kept(numbers: number[]): Promise<Map<number, Photo>> {
    const photos = new Map<number, Photo>();
    for (const number of numbers) {
      const photo = (await done((await this.store("readonly")).get(this.key(number))).catch(() => undefined)) as Photo | undefined;
      if (photo) photos.set(number, photo);
    }
    return photos;
  }

  private all(): Promise<Photo[]> {
    return this.store("readonly").then((store) => done(store.getAll(this.range())) as Promise<Photo[]>);
  }

  private key(number: number): [string, number] {
    return [this.modelSha256, number];
  }

  private range(): IDBKeyRange {
    return IDBKeyRange.bound(this.key(0), this.key(1_000_000));
  }

  private async store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("handlens-field", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("no store"));
    });
    return (await this.opened).transaction(STORE, mode).objectStore(STORE);
  }
}

// FIELD.zip: the record and its photographs. Pictures are compressed already.
export function zipOf(record: object, photos: Map<number, Photo>): Uint8Array {
  const files: Zippable = { "record.json": [strToU8(JSON.stringify(record, null, 1) + "\n"), { level: 6, mtime: NO_TIME }] };
  for (const [number, photo] of photos) {
    const name = String(number).padStart(3, "0");
    files[`seen/${name}.png`] = [new Uint8Array(photo.seen), { level: 0, mtime: NO_TIME }];
    files[`whole/${name}.jpg`] = [new Uint8Array(photo.whole), { level: 0, mtime: NO_TIME }];
  }
  return zipSync(files);
}
