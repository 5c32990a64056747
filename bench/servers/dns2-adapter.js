import dns2 from 'dns2';
import { withMultisocket } from '../../dist/adapters/index.js';
import { serve } from './serve-dns2.js';

await serve(withMultisocket(dns2));
