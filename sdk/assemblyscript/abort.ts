// What a failed assertion or a thrown error does. asc is told with --use abort=sdk/abort/abort, in the place of an import.

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(file: i32, vectors: usize, count: i32, written: usize): i32;

const VECTOR: usize = memory.data(16, 8);

/** Ends the call with a reason that the host shows. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const place = (file == null ? "" : file) + ":" + line.toString() + ": ";
  const text = String.UTF8.encode(place + (message == null ? "failed" : message));
  store<usize>(VECTOR, changetype<usize>(text));
  store<i32>(VECTOR, text.byteLength, 4);
  fd_write(2, VECTOR, 1, VECTOR + 8);
  unreachable();
}
