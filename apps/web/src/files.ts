// Picture files from an input, a drop or the clipboard, with the folder that each lay in.

export interface PictureFile {
  file: File;
  path: string; // "roses/12.jpg" where a folder was given, else the file's name
}

const EXTENSIONS = /\.(jpe?g|jfif|png|gif|bmp|webp|avif|heic|heif|tiff?)$/i;

// By name and type, before reading: what is obviously no picture is left out and counted.
export function looksLikePicture(file: File): boolean {
  return file.type.startsWith("image/") || EXTENSIONS.test(file.name);
}

export function fromInput(input: HTMLInputElement): PictureFile[] {
  return Array.from(input.files ?? [], (file) => ({ file, path: file.webkitRelativePath || file.name }));
}

async function readEntry(entry: FileSystemEntry): Promise<PictureFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PictureFile[] = [];
  for (;;) {
    // Browsers hand out a folder's entries a hundred at a time; an empty batch is the end.
    const batch = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (batch.length === 0) return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const inner of batch) found.push(...(await readEntry(inner)));
  }
}

export async function fromTransfer(transfer: DataTransfer): Promise<PictureFile[]> {
  // The list is emptied as soon as the event is over: take everything out before the first await.
  const items = Array.from(transfer.items).filter((item) => item.kind === "file");
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  const found: PictureFile[] = [];
  for (const { entry, file } of taken) {
    if (entry) found.push(...(await readEntry(entry)));
    else if (file) found.push({ file, path: file.name });
  }
  return found;
}

// The class that a path names: the nearest folder whose name is a label, whatever its case.
export function truthOf(path: string, labels: string[]): string {
  const known = new Map(labels.map((label) => [label.normalize("NFC").toLowerCase(), label]));
  for (const folder of path.split("/").slice(0, -1).reverse()) {
    const label = known.get(folder.normalize("NFC").toLowerCase());
    if (label !== undefined) return label;
  }
  return "";
}
