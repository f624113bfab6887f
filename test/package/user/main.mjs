import { createRequire } from 'node:module';
import * as zjj from 'zjj';
import * as lock from 'zjj/lock';
import use from './use.cjs';

const require = createRequire(import.meta.url);
await use({ zjj, lock }, { zjj: require('zjj'), lock: require('zjj/lock') });
