import { Command } from 'commander';
import { expect, test } from 'vitest';
import { VERBS } from '../../../core/cli/main.ts';

test.each(Object.entries(VERBS))('the module of the verb %s has that verb, and no other', async (name, load) => {
  const program = new Command();
  (await load()).register(program);
  expect(program.commands.map(command => command.name())).toEqual([name]);
});
