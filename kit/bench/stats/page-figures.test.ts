import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFigures } from './page-figures.ts';

const OTHER = '<!-- figures: made by other.ts -->\ntheirs\n<!-- end of figures -->\n';
const PAGE = `before\n${OTHER}<!-- figures: made by one.ts -->\nold\n<!-- end of figures -->\nafter\n`;

test('only the text between the marks of the script is replaced, and repeating it changes nothing', () => {
  const page = withFigures(PAGE, 'one.ts', 'new');
  assert.equal(page, PAGE.replace('old', 'new'));
  assert.equal(withFigures(page, 'one.ts', 'new'), page);
});

test('a page without the marks of the script is an error', () => {
  assert.throws(
    () => withFigures(PAGE, 'two.ts', 'new'),
    /no place for figures: <!-- figures: made by two\.ts -->/,
  );
  assert.throws(
    () => withFigures('<!-- figures: made by one.ts -->', 'one.ts', 'new'),
    /no place for figures/,
  );
});
