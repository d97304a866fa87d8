import { describe, expect, test } from 'vitest';
import { readSql } from '../../../core/table/sql.ts';

const query = (text: string, names: readonly string[]) => ({ kind: 'query', query: { text, names } });

describe('placeholders of a query', () => {
  test('become numbers, each name one', () => {
    expect(readSql('SELECT a FROM b WHERE c = :key OR d = :local AND e = :key', '$')).toEqual(
      query('SELECT a FROM b WHERE c = $1 OR d = $2 AND e = $1', ['key', 'local']),
    );
    expect(readSql('SELECT a FROM b WHERE c = :domain', '?')).toEqual(
      query('SELECT a FROM b WHERE c = ?1', ['domain']),
    );
  });

  test.each([
    ["SELECT ':key' WHERE a = :key", "SELECT ':key' WHERE a = $1"],
    ["SELECT 'it''s :key; ' WHERE a = :key", "SELECT 'it''s :key; ' WHERE a = $1"],
    ["SELECT E'\\':key' WHERE a = :key", "SELECT E'\\':key' WHERE a = $1"],
    ['SELECT "a:key" WHERE a = :key', 'SELECT "a:key" WHERE a = $1'],
    ['SELECT $$ :key ; $$ WHERE a = :key', 'SELECT $$ :key ; $$ WHERE a = $1'],
    ['SELECT $x$ $$ :key $x$ WHERE a = :key', 'SELECT $x$ $$ :key $x$ WHERE a = $1'],
    ['SELECT a -- :key\nWHERE a = :key', 'SELECT a -- :key\nWHERE a = $1'],
    ['SELECT a /* :key */ WHERE a = :key', 'SELECT a /* :key */ WHERE a = $1'],
    ['SELECT a::text WHERE a = :key::text', 'SELECT a::text WHERE a = $1::text'],
    ['SELECT a[1:2] WHERE a = :key;', 'SELECT a[1:2] WHERE a = $1;'],
  ])('are none in texts, names, comments and casts: %s', (written, text) => {
    expect(readSql(written, '$')).toEqual(query(text, ['key']));
  });

  test.each([
    ['SELECT :kye', 'there is no placeholder ":kye"; did you mean "key"?'],
    ['SELECT :user', 'there is no placeholder ":user"; there are ":key", ":local" and ":domain"'],
    ['SELECT 1', 'has no placeholder, so every key would have the same answer: use :key, :local, :domain'],
    ['SELECT :key; DROP TABLE a', 'holds more than one statement: one query is expected'],
  ])('%s is refused', (written, message) => {
    expect(readSql(written, '$')).toEqual({ kind: 'faulty', message });
  });
});
