/** Shell command for each kind of damage. The header of a slot file has 4096 bytes, and the first chunk of the log follows. */
export const DAMAGES: Readonly<Record<string, (file: string) => string>> = {
  'overwrite-header': (file) => `dd if=/dev/urandom of=${file} bs=64 count=1 conv=notrunc status=none`,
  'overwrite-log': (file) => `dd if=/dev/urandom of=${file} bs=512 seek=8 count=1 conv=notrunc status=none`,
  delete: (file) => `rm ${file}`,
  truncate: (file) => `: >${file}`,
};
