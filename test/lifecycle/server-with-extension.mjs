// A server with an extension in plain JavaScript: MIGRATIONS are its folders, separated by colons; FAULT is what is wrong with it.
import 'reflect-metadata';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { ConfigError } from '#kernel/config/config-error';
import { serve } from '#serve';

const FAULTS = {
  settings: () => {
    throw new ConfigError(['PAGER_CERTIFICATE must be the path of a PEM file.']);
  },
  connection: () => once(connect(1, '127.0.0.1'), 'connect'),
};

const { FAULT, MIGRATIONS = '' } = process.env;
class PagerModule {}
Module({ providers: [{ provide: 'pager', useFactory: FAULTS[FAULT] ?? (() => 'pager') }] })(PagerModule);

const pager = { module: PagerModule, migrations: MIGRATIONS.split(':').filter(Boolean) };
await serve([FAULT === 'not exported' ? undefined : pager]);
