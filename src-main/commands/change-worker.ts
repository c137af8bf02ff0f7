import { answerOrders } from '../deadline-thread.ts';
import { describeFileChange } from './file-change.ts';

answerOrders(describeFileChange);
