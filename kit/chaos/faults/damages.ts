/** What is done to a slot file, by the name of the damage: a header is 4096 bytes, the first chunk of the log follows it. */
export const DAMAGES: Readonly<Record<string, (file: string) => string>> = {
  'overwrite-header': (file) => `dd if=/dev/urandom of=${file} bs=64 count=1 conv=notrunc status=none`,
  'overwrite-log': (file) => `dd if=/dev/urandom of=${file} bs=512 seek=8 count=1 conv=notrunc status=none`,
  delete: (file) => `rm ${file}`,
  truncate: (file) => `: >${file}`,
};
