import { loadKoffi } from '../../src/os/load-koffi.cjs';

// From <linux/seccomp.h>, <linux/filter.h>, <sys/prctl.h> and <sys/syscall.h>.
const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_RET_KILL_PROCESS = 0x8000_0000;
const SECCOMP_RET_ALLOW = 0x7fff_0000;
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const WRITE = process.arch === 'x64' ? 1 : 64;
const INSTRUCTION_BYTES = 8;

/** BPF instructions: code, jump if true, jump if false, operand. Word 0 of the data is the number of the system call. */
const FILTER = [
  [LOAD_WORD, 0, 0, 0],
  [JUMP_IF_EQUAL, 1, 0, WRITE],
  [RETURN, 0, 0, SECCOMP_RET_KILL_PROCESS],
  [RETURN, 0, 0, SECCOMP_RET_ALLOW],
] as const;

/**
 * Makes the kernel kill this process with SIGSYS at the next system call of this thread other than write(2)
 * ([seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html)).
 */
export function forbidSystemCalls(): void {
  const koffi = loadKoffi();
  koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'void *' });
  const prctl = koffi
    .load(null)
    .func('int prctl(int, unsigned long, sock_fprog *, unsigned long, unsigned long)');
  const filter = Buffer.alloc(FILTER.length * INSTRUCTION_BYTES);
  for (const [i, [code, ifTrue, ifFalse, operand]] of FILTER.entries()) {
    const at = i * INSTRUCTION_BYTES;
    filter.writeUInt16LE(code, at);
    filter.writeUInt8(ifTrue, at + 2);
    filter.writeUInt8(ifFalse, at + 3);
    filter.writeUInt32LE(operand, at + 4);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, null, 0, 0) !== 0) {
    throw new Error(`prctl(PR_SET_NO_NEW_PRIVS) failed: errno ${koffi.errno()}`);
  }
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: FILTER.length, filter }, 0, 0) !== 0) {
    throw new Error(`prctl(PR_SET_SECCOMP) failed: errno ${koffi.errno()}`);
  }
}
