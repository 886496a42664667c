/* Transfer functions, between code values (0 to 1) and light. */
#ifndef M6_FRAME_TRANSFER_H
#define M6_FRAME_TRANSFER_H

#define TRANSFER_WHITE 203.0     /* cd/m² of diffuse white: ITU-R BT.2408 */
#define TRANSFER_HLG_PEAK 1000.0 /* cd/m² of the display that HLG is meant for here */

/* sRGB (IEC 61966-2-1): light from 0 to 1. */
double transfer_from_srgb(double v);
double transfer_to_srgb(double light);
/* SMPTE ST 2084: light in units of diffuse white. */
double transfer_from_pq(double v);
double transfer_to_pq(double light);
/* ITU-R BT.2100's HLG: light at the camera, 0 to 1. */
double transfer_from_hlg(double v);
double transfer_to_hlg(double light);

#endif
