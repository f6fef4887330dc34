"""Phrasings of two labelled sets, written by hand before the detector was changed for them: support messages of banks, insurers, telephone companies
and clinics (`service`), and letters, forms, chats and reports (`documents`).

A line is one phrasing; `§` is a line break. `make_pii_sets.py` fills them and cuts them in two by the parity of sha256 of the phrasing itself, so that
nobody chooses which half a phrasing falls in.
"""
SERVICE = dict(
    PERSON='''I have added {PERSON} as an authorised driver, is that active yet?
The consultant who saw me was Dr {LASTNAME}.
Your engineer, {FIRSTNAME}, promised to come back on Thursday.
Beneficiary of the life cover should be changed from {PERSON} to my sister.
Two people are on the tenancy, {PERSON} and me.
Hi, {FIRSTNAME} here again about the broadband.
Please do not discuss the claim with {PERSON} any more.
When I rang, a lady named {FIRSTNAME} said it was sorted.
Patient name {PERSON}, seen in clinic last week.
The witness of the accident was {PERSON}.
I'm writing for my mother, {PERSON}, who can't use the app.
The other driver gave his name as {PERSON}.
Kind regards,§{PERSON}
Yours sincerely§{FIRSTNAME} {LASTNAME}
Could {FIRSTNAME} from the claims desk give me an update?
my ex husband {PERSON} still gets my bills
The SIM is registered to {PERSON} but I pay for it.
We are Mr and Mrs {LASTNAME} and the joint policy lapsed.
Name on the prescription: {PERSON}
it was {FIRSTNAME} that sold me this contract
Next of kin is {PERSON}.
I married and go by {PERSON} these days.
The nurse, Ms {LASTNAME}, asked for my records.
Refund to be made out to {PERSON} and not to the shop.
{PERSON} has been our family doctor for ages.
Who is {PERSON} and why does he appear on my statement?
thanks a lot, {FIRSTNAME}
Main member: {PERSON}, dependants none.''',
    STREET_ADDRESS='''The leak happened at our rental, {STREET_ADDRESS}.
Could the router be shipped to {STREET_ADDRESS}, I'm staying there.
We live in {STREET_ADDRESS} and the signal is awful.
Insured property: {STREET_ADDRESS}
There was no one in when you came to {STREET_ADDRESS}.
The car is parked overnight at {STREET_ADDRESS}.
For home visits use {STREET_ADDRESS}, the bell says nothing.
You have me down under {STREET_ADDRESS}, which is wrong.
Moving from {STREET_ADDRESS} next month.
Installation address§{BLOCK}
Send the refund cheque here please:§{BLOCK}
we are the people from {STREET_ADDRESS} with the burst pipe
Collision took place outside {STREET_ADDRESS}.
My mum's house, {STREET_ADDRESS}, needs the alarm looked at.
Results should go to {STREET_ADDRESS} by post.
The pharmacy should deliver to {WORLD_ADDRESS}.
I relocated to {WORLD_ADDRESS}, does the plan still hold?
Our holiday home is {WORLD_ADDRESS}.
Correspondence: {WORLD_ADDRESS}
They want proof that I reside at {WORLD_ADDRESS}.''',
    POSTCODE='''Is fibre available in {POSTCODE}?
No coverage at all around {POSTCODE} since the storm.
Which surgery takes new patients from {POSTCODE}?
Quote me for {POSTCODE}, third floor, no garage.
The garage is in {POSTCODE} too.
{POSTCODE} is the postcode on the policy.
Outage in {POSTCODE}, when will it be back?
My old postcode {POSTCODE} is still on the bill.
zip {ZIP}, two adults one dog
the premium doubled when I typed in zip code {ZIP}
we moved, new zip is {ZIP}''',
    EMAIL_ADDRESS='''The scan was mailed to {EMAIL_ADDRESS} yesterday.
My online account is under {EMAIL_ADDRESS} I believe.
could u resend the esim qr to {EMAIL_ADDRESS}
Your reply went to {EMAIL_ADDRESS}, which I can't open any more.
{EMAIL_ADDRESS} is where I want my invoices.
Use {EMAIL_ADDRESS} and never the old one.
I filled in {EMAIL_ADDRESS} but the form said invalid.
e-mail {EMAIL_ADDRESS}; fax none''',
    PHONE_NUMBER='''The line in question is {PHONE_NUMBER}.
I want to keep {PHONE_NUMBER} when I switch to you.
Port {PHONE_NUMBER} to the new SIM.
If the nurse needs me, {PHONE_NUMBER} works best.
The adjuster can ring {PHONE_NUMBER} after six.
Daughter's number: {PHONE_NUMBER}
someone from {PHONE_NUMBER} keeps calling and says he is you
I got a text from {PHONE_NUMBER} asking for my details.
Emergency contact {PHONE_NUMBER}
My work line is {PHONE_EXT}.
You can get hold of me during office hours at {PHONE_EXT}.
Missed call from {PHONE_NUMBER}, was it the clinic?
whatsapp me, {PHONE_NUMBER}
Tel {PHONE_NUMBER} / evenings only
The bill shows 43 minutes to {PHONE_NUMBER} that I never made.''',
    CREDIT_CARD='''Take the premium from {CREDIT_CARD} instead.
You charged {CREDIT_CARD} twice for the same top-up.
My direct payment card ends and begins like this: {CREDIT_CARD}
The new Mastercard is {CREDIT_CARD}, please update.
autopay still uses {CREDIT_CARD} which I cancelled
Card on file {CREDIT_CARD}
I read {CREDIT_CARD} out to the man on the phone, is that safe?
excess was paid with {CREDIT_CARD} on the day''',
    IBAN_CODE='''Pay the claim out to {IBAN_CODE}.
Our clinic's bank details are {IBAN_CODE}.
The direct debit should come off {IBAN_CODE} from June.
reimburse {IBAN_CODE} please
I get an error for {IBAN_CODE} in the SEPA mandate.
{IBAN_CODE} belongs to my husband, use mine.
Settlement account: {IBAN_CODE}''',
    ACCOUNT_NUMBER='''Payout to account {ACCOUNT_NUMBER} is fine.
Bank account for the refund is {ACCOUNT_NUMBER}, sort code {SORT_CODE}.
my acct {ACCOUNT_NUMBER} was debited for a policy I cancelled
The premium bounced on {ACCOUNT_NUMBER}, my current account.
I hold savings account {ACCOUNT_NUMBER} with you.
Checking account #{ACCOUNT_NUMBER} got hit with two fees.
Money should have gone into {ACCOUNT_NUMBER} (joint account).
A/C {ACCOUNT_NUMBER}
please move the balance from account ending in full {ACCOUNT_NUMBER} to my ISA
Your letter quotes account no {ACCOUNT_NUMBER}, is that mine?
Account: {ACCOUNT_NUMBER}§Bank: yours
The loan is linked with bank account number {ACCOUNT_NUMBER}.
debit {ACCOUNT_NUMBER} every month, it's my giro account''',
    SORT_CODE='''Sort code {SORT_CODE}, you can see it on my card.
The direct debit form wants {SORT_CODE} as sort code, right?
sortcode {SORT_CODE}
My bank's s/c is {SORT_CODE}.
Use sort code: {SORT_CODE} for the compensation.
I gave you the branch code {SORT_CODE} already.
Bank details {SORT_CODE} {ACCOUNT_NUMBER}
{SORT_CODE} / {ACCOUNT_NUMBER} is the account I get paid into''',
    DATE_OF_BIRTH='''Patient DOB {DATE_OF_BIRTH}.
My daughter was born on {DATE_OF_BIRTH}, is she covered?
Named driver, born {DATE_OF_BIRTH}, no points.
for security: birthday {DATE_OF_BIRTH}
You have my birth date as {DATE_OF_BIRTH}, that is my wife's.
d.o.b. {DATE_OF_BIRTH}
The insured person (date of birth: {DATE_OF_BIRTH}) needs surgery.
I was born {DATE_OF_BIRTH}, so the senior tariff should apply.
Birthdate {DATE_OF_BIRTH}§Blood group unknown
She turned 60, her birthday being {DATE_OF_BIRTH}.''',
    UK_NINO='''For the sick pay form my NI number is {UK_NINO}.
National Insurance no: {UK_NINO}
payroll has me under {UK_NINO}
{UK_NINO} should be on my record already
I need {UK_NINO} removed from the letter.''',
    US_SSN='''The application asks for my social, it's {US_SSN}.
SSN on the claim: {US_SSN}
Medicaid has {US_SSN} on file for my son.
last four don't match, whole number is {US_SSN}
tax id {US_SSN} for the survivor benefit
my wife's social security no. {US_SSN}''',
    NATIONAL_ID='''My NHS number is {NHS}, could you forward the results?
NHS {NHS}, booster due
Hospital sticker says {NHS} as my NHS number.
Canadian SIN {SIN} for the tax slip
Steuer-ID {STEUER} for the pension statement
The DNI of the policyholder is {DNI}.
PPS number: {PPSN}
carte vitale number {NIR}
Codice fiscale {CODICE}, tariff for foreigners
Australian tax file number {TFN}
My personal identity number {PNR} is printed wrong.
CPF {CPF}
The insured's PESEL is {PESEL}.
Dutch BSN {BSN} on the referral''',
    IP_ADDRESS='''The modem gets {IP_ADDRESS} and then drops.
Somebody from {IP_ADDRESS} logged into my patient portal.
static ip {IP_ADDRESS} was part of the contract
My camera at {IP_ADDRESS} is unreachable.
Log shows {IP_ADDRESS} at 03:12, that was not me.''',
    MAC_ADDRESS='''The router's label reads {MAC_ADDRESS}.
whitelist {MAC_ADDRESS} for the set-top box
Hardware address {MAC_ADDRESS} can't join.
Modem MAC: {MAC_ADDRESS}''',
    US_DRIVER_LICENSE='''Licence of the second driver: {US_DRIVER_LICENSE}
My driver license is {US_DRIVER_LICENSE}, issued in spring.
license no {US_DRIVER_LICENSE}, clean record
He drove with DL {US_DRIVER_LICENSE} at the time.
I upload driving license number {US_DRIVER_LICENSE} and it says unreadable.''',
    URL='''Photos of the damage are at {URL}.
The doctor's profile {URL} has the wrong hours.
see {URL} for the police report
I followed {URL} from your text message, is it a scam?
portfolio of the builder: {URL}''',
    CARD_SECRET='''The app wants a code, I typed {OTP} and nothing happened.
Security code {CARD_SECRET}, expiry next year.
Your text says {OTP} is my one-time passcode.
my voicemail pin is {PIN4}
I set {PIN4} as PIN and now it is refused.
the three digits on the back are {CARD_SECRET}
Verification code: {OTP}
SIM PIN {PIN4} was blocked after three tries.
CVC {CARD_SECRET}
the login code you texted me was {OTP}, too late
Telephone banking passcode {PIN4} does not work.
i told him the cvv was {CARD_SECRET}, stupid me''',
    SECRET='''My wifi password is {SECRET} and the kids know it.
router login admin / {SECRET}
The password {SECRET} gets rejected by the patient portal.
I changed my password to {SECRET} and am locked out.
temporary password {SECRET}
the memorable word I chose is {SECRET}
Passphrase: {SECRET}
pwd {SECRET} user as above
our integration uses the key {TOKEN} and gets a 401
access token {TOKEN} expired
Authorization: Bearer {TOKEN}
Security answer "{SECRET}" is not accepted.
the app secret is {TOKEN}, please rotate
pass is {SECRET}, please reset it''')

SERVICE_BODIES = '''How do I file a claim for a broken windscreen?
My data runs out in the middle of the month.
When does the waiting period end for dental work?
The physio sessions were not paid back in full.
I would like to cancel before it renews.
Roaming was switched off although I pay for it.
Can the appointment be moved to the afternoon?
There is a hole in the roof after the hail.
The premium went up and nobody told me.
Does travel cover include a rented scooter?
I can't hear the other side on any call.
Please send an itemised bill.
What counts as a pre-existing condition?
The app shows somebody else's plan.
Do I need a referral for the skin doctor?
Is my laptop covered outside the house?
The technician never showed up.
My repeat prescription has run out.
How long until the claim is decided?
I want a paper copy of the contract.
The TV box reboots every hour.
Which hospitals are in the network?
Nobody picks up on your helpline.
Could I pay by quarter rather than by month?
The blood test results are still missing.
Why is there a late fee on the bill?
I lost my phone on the train and need the number blocked.
Is an ambulance ride covered abroad?
Our landline has been dead for a week.
The repair shop waits for your go-ahead.
Thank you for sorting this out so fast.
This is the third time I ask.'''.split('\n')

SERVICE_LOOKALIKES = '''The claim reference is {d9}.
My policy runs to {date}.
Booking {AA}{d6} was never confirmed.
The meter reads {d5}.
I was billed {d3}.{m2} for {n1} months.
Ticket {d7} has been open since {date}.
The dose is {d3} mg, {n1} times a day.
Blood pressure was 12{n1} over 8{n1}.
Excess is {d3} pounds, I was told.
My appointment is on {date} at {n3}:{mm}.
Speed test says {n2}.{m2} Mbit down.
Model {AA}-{d4}, bought on {date}.
Error {d4} comes up on screen {n1}.
I was number {n2} in the queue for {n1} hours.
The batch on the box is {AA}{d6}.
Order {d8} came with the wrong cable.
Paragraph {n1}.{n3} of the terms says otherwise.
Used {d4} MB out of {d5}.
It happened between {n1} and {n3} on {date}.
Page {n1} of {n2} is blank.
Flight {AA} {d3} was delayed {n1} hours.
Tracking {AA}{d9}{AA} shows no movement.
The invoice {d6}-{d2} was paid on {date}.
Ward {n1}, bed {n2}, visiting from {n3}:{mm}.'''.split('\n')

DOCUMENTS = '''{TITLE} {PERSON} chairs the housing committee and lives in {CITY}.
To: {PERSON} <{EMAIL_ADDRESS}>§Cc: {PERSON}§Subject: minutes of {DATE}
Dear {PERSON},§§we confirm your stay from {DATE} in {CITY}. If plans change, ring {PHONE_NUMBER}.§§{ORGANIZATION}
The parcel for {PERSON} came back from {WORLD_ADDRESS}.
Employee: {PERSON}§Department: Sales§Office: {WORLD_ADDRESS}§Direct: {PHONE_EXT}
{ORGANIZATION} opened a second warehouse near {CITY} in {DATE}.
She flew from {CITY} to {CITY} and on to {COUNTRY} with {PERSON}.
Tenant {PERSON}, aged {AGE}, has lived at {WORLD_ADDRESS} since {DATE}.
A {NRP} delegation visited {CITY} on {DATE}.
The {NRP} owner of {ORGANIZATION} declined to comment.
Form 7b§Applicant: {PERSON}§SSN: {US_SSN}§Licence: {US_DRIVER_LICENSE}§Signed in {CITY}
Charge {CREDIT_CARD} for the two rooms, guest {PERSON}.
Invoice to§{PERSON}§{WORLD_BLOCK}
Please wire the deposit to {IBAN_CODE}, account holder {PERSON}.
hey, is {PERSON} coming tonight? he said he'd text from {PHONE_NUMBER}
<{FIRSTNAME}> anyone in {CITY} this weekend?§<{FIRSTNAME}> me, until {DATE}
Our correspondent {PERSON} reports from {CITY}, {COUNTRY}.
At {AGE}, {PERSON} became the youngest director of {ORGANIZATION}.
Return to sender: {WORLD_ADDRESS}
I met {TITLE} {LASTNAME} at {ORGANIZATION} before she moved to {COUNTRY}.
The lease between {ORGANIZATION} and {PERSON} begins on {DATE}.
{PERSON} and {PERSON} were married in {CITY} on {DATE}.
Meeting notes {DATE}§present: {PERSON}, {PERSON}, {PERSON}
Where is {STREET}? I can't find it on the map of {CITY}.
Turn left onto {STREET} and stop in front of {ORGANIZATION}.
{PERSON} joined {ORGANIZATION} as an analyst in {DATE}.
We ship to {CITY}, {CITY} and anywhere in {COUNTRY}.
My server {IP_ADDRESS} hosts {URL} for a friend in {COUNTRY}.
{TITLE} {PERSON}§{WORLD_BLOCK}
The witness, {PERSON} ({AGE}), of {CITY}, saw a van marked {ORGANIZATION}.
Ask for {FIRSTNAME} at the {CITY} office.
Curriculum vitae§{PERSON}§{WORLD_BLOCK}§{PHONE_NUMBER}§{EMAIL_ADDRESS}
The number on the cheque is {PHONE_NUMBER}, call {ORGANIZATION} and complain.
Reviewed by {PERSON} on {DATE}: great food, but {FIRSTNAME} was rude to us.
In {DATE} {ORGANIZATION} was sold to a {NRP} family.
Who wrote the song, {PERSON} or {PERSON}?
The band from {CITY} played {DATE}, singer {PERSON} was ill.
Guarantor's address: {WORLD_ADDRESS}, zip {ZIP}
{PERSON}'s passport was issued in {COUNTRY}.
{FIRSTNAME}'s new job at {ORGANIZATION} starts {DATE}.
Booking for {PERSON}, card {CREDIT_CARD}, arriving {DATE}.
I am a {AGE} year old {NRP} student looking for a room in {CITY}.
Subscriber since {DATE}: {PERSON}, {WORLD_ADDRESS}
The complaint of {TITLE} {LASTNAME} against {ORGANIZATION} was upheld.
Volunteers wanted in {CITY}! Write to {EMAIL_ADDRESS} or call {PHONE_NUMBER}.
{ORGANIZATION}§{WORLD_BLOCK}§Phone: {PHONE_NUMBER}
What is the weather like in {CITY} in {DATE}?
My uncle {FIRSTNAME} speaks no {LANGUAGE}, so call my cousin on {PHONE_NUMBER}.
Bus 12 from {STREET} to the harbour, then walk.
The patient, a {AGE}-year-old man from {COUNTRY}, was seen by {TITLE} {PERSON}.
Last will of {PERSON}, resident of {CITY}, {COUNTRY}
{PERSON} of {ORGANIZATION} will speak about trade with {COUNTRY}.
Report a lost wallet: {PERSON}, licence {US_DRIVER_LICENSE}, card {CREDIT_CARD}
Every morning {FIRSTNAME} walks from {STREET} to {ORGANIZATION}.
The estate agent showed us {WORLD_ADDRESS} and a flat in {CITY}.
Photo: {PERSON}/{ORGANIZATION}
It's {FIRSTNAME}'s birthday on {DATE}, shall we go to {CITY}?
Refund {CREDIT_CARD}, customer {PERSON}, reason: late delivery to {CITY}.
The author lives in {CITY} with her {NRP} husband {FIRSTNAME}.
Has anyone bought from {ORGANIZATION}? They never answer {EMAIL_ADDRESS}.
Please forward mail to {WORLD_ADDRESS} until {DATE}.
Delegates came from {COUNTRY}, {COUNTRY} and {COUNTRY}.
Contract no. 5 between {PERSON}, {WORLD_ADDRESS}, and {ORGANIZATION}, {WORLD_ADDRESS}
{TITLE} {LASTNAME}, your table at {STREET} is ready.
{LASTNAME} scored twice for {CITY} before half time.
My accountant works for {ORGANIZATION} in {CITY}; her name is {PERSON}.
Thesis by {PERSON}, {UNIVERSITY}, {DATE}
Visa application: nationality {NRP}, place of birth {CITY}, age {AGE}
Signed for by {PERSON} at {DATE}, location {STREET}
Our lawyers at {ORGANIZATION} asked for the SSN ({US_SSN}) of the heir, {PERSON}.
I used to work at {ORGANIZATION}, then {ORGANIZATION}, now I freelance.
{CITY}, {DATE}§§Dear {TITLE} {LASTNAME},§thank you for the pictures.
Who's picking up {FIRSTNAME} and {FIRSTNAME} from school on {DATE}?
The transfer {IBAN_CODE} to {ORGANIZATION} is missing.
A fire broke out at {WORLD_ADDRESS}; {PERSON}, {AGE}, was unhurt.'''.split('\n')
