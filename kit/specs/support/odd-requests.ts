/** Requests on which two parsers may disagree: each byte in each place, and sizes around each limit of nginx.conf. */
export interface OddRequest {
  readonly name: string;
  /** Latin-1: one character per byte. */
  readonly text: string;
}

const CLOSE = 'Connection: close\r\n\r\n';
const HOST = 'Host: localhost\r\n';
const HEX = (byte: string) => byte.charCodeAt(0).toString(16).padStart(2, '0');
const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

const PLACES: Readonly<Record<string, (byte: string) => string>> = {
  target: (byte) => `GET /odd${byte}x HTTP/1.1\r\n${HOST}${CLOSE}`,
  query: (byte) => `GET /odd?a=${byte}x HTTP/1.1\r\n${HOST}${CLOSE}`,
  method: (byte) => `P${byte}T /odd HTTP/1.1\r\n${HOST}Content-Length: 0\r\n${CLOSE}`,
  version: (byte) => `GET /odd HTTP/1.${byte}\r\n${HOST}${CLOSE}`,
  'header name': (byte) => `GET /odd HTTP/1.1\r\n${HOST}X${byte}Y: z\r\n${CLOSE}`,
  'header value': (byte) => `GET /odd HTTP/1.1\r\n${HOST}X-Y: a${byte}z\r\n${CLOSE}`,
  'end of a value': (byte) => `GET /odd HTTP/1.1\r\n${HOST}X-Y: a${byte}\r\n${CLOSE}`,
  host: (byte) => `GET /odd HTTP/1.1\r\nHost: a${byte}z\r\n${CLOSE}`,
};

/** Sizes around one buffer of nginx, all of them, and Node's default limit. */
const SIZES = [
  1_000, 1_023, 1_024, 1_025, 4_000, 8_000, 8_150, 8_176, 8_191, 8_192, 8_200, 15_900, 16_384, 20_000,
];

const COUNTS = [1, 10, 100, 1_000, 2_000, 2_100, 3_000, 4_000];

export function oddRequests(): OddRequest[] {
  return [
    ...Object.entries(PLACES).flatMap(([place, shape]) =>
      BYTES.map((byte) => ({ name: `${place} 0x${HEX(byte)}`, text: shape(byte) })),
    ),
    ...SIZES.flatMap((size) => {
      const filling = 'a'.repeat(size);
      return [
        { name: `target of ${size}`, text: `GET /odd${filling} HTTP/1.1\r\n${HOST}${CLOSE}` },
        { name: `header of ${size}`, text: `GET /odd HTTP/1.1\r\n${HOST}X-Y: ${filling}\r\n${CLOSE}` },
        { name: `Host of ${size}`, text: `GET /odd HTTP/1.1\r\nHost: ${filling}\r\n${CLOSE}` },
        {
          name: `Host and Cookie of ${size}`,
          text: `GET /odd HTTP/1.1\r\nHost: ${filling}\r\nCookie: a=${filling}\r\n${CLOSE}`,
        },
        {
          name: `method of ${size}`,
          text: `${'A'.repeat(size)} /odd HTTP/1.1\r\n${HOST}${CLOSE}`,
        },
      ];
    }),
    ...COUNTS.map((count) => ({
      name: `${count} headers`,
      text: `GET /odd HTTP/1.1\r\n${HOST}${'a:b\r\n'.repeat(count)}${CLOSE}`,
    })),
    ...[
      ['no Host', `GET /odd HTTP/1.1\r\n${CLOSE}`],
      ['two Hosts', `GET /odd HTTP/1.1\r\n${HOST}${HOST}${CLOSE}`],
      ['an empty Host', `GET /odd HTTP/1.1\r\nHost:\r\n${CLOSE}`],
      ['HTTP/1.0', `GET /odd HTTP/1.0\r\n\r\n`],
      ['HTTP/0.9', 'GET /odd\r\n'],
      ['HTTP/2.0', `GET /odd HTTP/2.0\r\n${HOST}${CLOSE}`],
      ['a folded header', `GET /odd HTTP/1.1\r\n${HOST}X-Y: a\r\n b\r\n${CLOSE}`],
      [
        'Expect: 100-continue',
        `POST /odd HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 1\r\n${CLOSE}x`,
      ],
      ['another Expect', `GET /odd HTTP/1.1\r\n${HOST}Expect: the-unexpected\r\n${CLOSE}`],
      ['Upgrade', `GET /odd HTTP/1.1\r\n${HOST}Upgrade: h2c\r\nConnection: upgrade, close\r\n\r\n`],
      ['Content-Length of no number', `POST /odd HTTP/1.1\r\n${HOST}Content-Length: x\r\n${CLOSE}`],
      [
        'two Content-Lengths',
        `POST /odd HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: 0\r\n${CLOSE}`,
      ],
      [
        'length and chunks',
        `POST /odd HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${CLOSE}0\r\n\r\n`,
      ],
      ['chunks', `POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${CLOSE}1\r\nx\r\n0\r\n\r\n`],
      [
        'chunks with an extension',
        `POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${CLOSE}1;a="b"\r\nx\r\n0\r\n\r\n`,
      ],
      [
        'chunks with a trailer',
        `POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${CLOSE}0\r\nX-Y: a\x01b\r\n\r\n`,
      ],
      ['a chunk of no number', `POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${CLOSE}zz\r\n`],
      ['another coding', `POST /odd HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n${CLOSE}`],
      ['a body too large', `POST /odd HTTP/1.1\r\n${HOST}Content-Length: 9000000\r\n${CLOSE}`],
      ['an absolute target', `GET http://localhost/odd HTTP/1.1\r\n${HOST}${CLOSE}`],
      ['a fragment', `GET /odd#a HTTP/1.1\r\n${HOST}${CLOSE}`],
      ['a star', `OPTIONS * HTTP/1.1\r\n${HOST}${CLOSE}`],
      ['CONNECT', `CONNECT localhost:80 HTTP/1.1\r\n${HOST}${CLOSE}`],
      ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ].map(([name, text]) => ({ name: name!, text: text! })),
  ];
}
