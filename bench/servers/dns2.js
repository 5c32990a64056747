import dns2 from 'dns2';
import { serve } from './serve-dns2.js';

await serve(dns2);
