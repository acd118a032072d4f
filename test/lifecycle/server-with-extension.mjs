// A server with an extension in plain JavaScript: MIGRATIONS are its folders, separated by colons; FAULT is what is wrong with it.
import 'reflect-metadata';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { ConfigError } from '#kernel/config/config-error';
import { Daily } from '#kernel/jobs/daily';
import { serve } from '#serve';

const FAULTS = {
  settings: () => {
    throw new ConfigError(['PAGER_CERTIFICATE must be the path of a PEM file.']);
  },
  connection: () => once(connect(1, '127.0.0.1'), 'connect'),
};

class DropPages {
  run() {}
}
Daily('drop-old-events')(DropPages);

const { FAULT, MIGRATIONS = '' } = process.env;
const providers = [{ provide: 'pager', useFactory: FAULTS[FAULT] ?? (() => 'pager') }];
if (FAULT === 'our job') providers.push(DropPages);
class PagerModule {}
Module({ providers })(PagerModule);

const pager = { module: PagerModule, migrations: MIGRATIONS.split(':').filter(Boolean) };
const passed = {
  'not exported': [undefined],
  'no list': pager,
  'no list of migrations': [{ ...pager, migrations: 'migrations' }],
  'no event': [{ ...pager, events: [undefined] }],
};
await serve(passed[FAULT] ?? [pager]);
